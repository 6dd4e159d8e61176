#include "resample.h"
#include "vectors.h"

// Bytes, in fixed point: sums of 32 bits that wrap, so that their order does not show. The weights are in two parts of 16 bits,
// whose products with bytes are summed by pairs in one instruction; `(high << 11) + low` puts them together again.
#define PRECISION 22
#define HALF (1u << (PRECISION - 1))

INLINE uint8_t clipped(uint32_t sum) {
  const int32_t value = (int32_t)sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

INLINE uint32_t weight_at(const int16_t *weights, size_t stride, size_t i) {
  return ((uint32_t)(int32_t)weights[i] << 11) + (uint32_t)(int32_t)weights[stride + i];
}

INLINE void row_of_any(const image_kernels_axis *axis, size_t channels, const uint8_t *from, uint8_t *to) {
  const int16_t *weights = axis->weights;
  for (size_t i = 0; i < axis->count; i++, weights += 2 * axis->stride) {
    const image_kernels_taps taps = axis->taps[i];
    const uint8_t *pixel = from + (size_t)(taps.first - axis->origin) * channels;
    for (size_t c = 0; c < channels; c++) {
      uint32_t sum = HALF;
      for (size_t t = 0; t < taps.count; t++) sum += pixel[t * channels + c] * weight_at(weights, axis->stride, t);
      *to++ = clipped(sum);
    }
  }
}

typedef uint32_t sums4 __attribute__((vector_size(16)));
typedef uint32_t sums16 __attribute__((vector_size(64)));

// A vector per pixel. The last byte of a pixel of three is its neighbour's, and is written over.
INLINE void row_of_pixels(const image_kernels_axis *axis, size_t channels, const uint8_t *from, uint8_t *to) {
  const int16_t *weights = axis->weights;
  for (size_t i = 0; i < axis->count; i++, weights += 2 * axis->stride, to += channels) {
    const image_kernels_taps taps = axis->taps[i];
    const uint8_t *pixel = from + (size_t)(taps.first - axis->origin) * channels;
    sums4 sum = {HALF, HALF, HALF, HALF};
    for (size_t t = 0; t < taps.count; t++, pixel += channels) {
      bytes4 bytes;
      memcpy(&bytes, pixel, 4);
      sum += __builtin_convertvector(bytes, sums4) * weight_at(weights, axis->stride, t);
    }
    const uint8_t samples[4] = {clipped(sum[0]), clipped(sum[1]), clipped(sum[2]), clipped(sum[3])};
    memcpy(to, samples, i + 1 < axis->count ? 4 : channels);
  }
}

static void rows_portable(
    const image_kernels_axis *axis, size_t channels, const uint8_t *const from[4], uint8_t *const to[4]) {
  for (int row = 0; row < 4; row++) {
    switch (channels) {
      case 1: row_of_any(axis, 1, from[row], to[row]); break;
      case 2: row_of_any(axis, 2, from[row], to[row]); break;
      case 3: row_of_pixels(axis, 3, from[row], to[row]); break;
      case 4: row_of_pixels(axis, 4, from[row], to[row]); break;
      default: row_of_any(axis, channels, from[row], to[row]);
    }
  }
}

// One row of the result, from `first` and the rows below it.
INLINE void column_rest(
    const image_kernels_taps taps, const int16_t *weights, size_t weight_stride, const uint8_t *first, size_t stride,
    size_t x, size_t count, uint8_t *to) {
  for (; x < count; x++) {
    uint32_t sum = HALF;
    for (size_t t = 0; t < taps.count; t++) sum += first[t * stride + x] * weight_at(weights, weight_stride, t);
    to[x] = clipped(sum);
  }
}

static void column_portable(
    const image_kernels_taps taps, const int16_t *weights, size_t weight_stride, const uint8_t *first, size_t stride,
    size_t count, uint8_t *to) {
  size_t x = 0;
  for (; x + 16 <= count; x += 16) {
    sums16 sum = (sums16){0} + HALF;
    for (size_t t = 0; t < taps.count; t++) {
      const bytes16 bytes = *(const bytes16 *)(first + t * stride + x);
      sum += __builtin_convertvector(bytes, sums16) * weight_at(weights, weight_stride, t);
    }
    for (int k = 0; k < 16; k++) to[x + k] = clipped(sum[k]);
  }
  column_rest(taps, weights, weight_stride, first, stride, x, count, to);
}

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

AVX2_INLINE __m256i both(__m128i low, __m128i high) { return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1); }
AVX2_INLINE __m256i load16(const uint8_t *a, const uint8_t *b) {
  return both(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
}
AVX2_INLINE __m256i load8(const uint8_t *a, const uint8_t *b) {
  return both(_mm_loadl_epi64((const __m128i *)a), _mm_loadl_epi64((const __m128i *)b));
}
AVX2_INLINE __m256i two(const int16_t *weights) {
  int32_t pair;
  memcpy(&pair, weights, 4);
  return _mm256_set1_epi32(pair);
}
AVX2_INLINE __m256i four(const int16_t *weights) {
  int64_t quad;
  memcpy(&quad, weights, 8);
  return _mm256_shuffle_epi32(_mm256_set1_epi64x(quad), 0x50);
}
AVX2_INLINE __m256i eight(const int16_t *weights) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)weights));
}

// Sums of the high and the low parts of two rows, one in each half.
typedef struct {
  __m256i high, low;
} parts;

AVX2_INLINE void add(parts *sums, __m256i samples, __m256i high, __m256i low) {
  sums->high = _mm256_add_epi32(sums->high, _mm256_madd_epi16(samples, high));
  sums->low = _mm256_add_epi32(sums->low, _mm256_madd_epi16(samples, low));
}
AVX2_INLINE __m256i together(parts sums) { return _mm256_add_epi32(_mm256_slli_epi32(sums.high, 11), sums.low); }
AVX2_INLINE __m256i shifted(__m256i sums) {
  return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(HALF)), PRECISION);
}

// Samples of two neighbouring pixels side by side, as 16 bits; of the second pair of four pixels from `from` on.
#define PAIR3(from)                                                                             \
  _mm256_setr_epi8(                                                                             \
      from, -1, from + 3, -1, from + 1, -1, from + 4, -1, from + 2, -1, from + 5, -1, -1, -1, -1, -1, from, -1, \
      from + 3, -1, from + 1, -1, from + 4, -1, from + 2, -1, from + 5, -1, -1, -1, -1, -1)
#define PAIR4(from)                                                                             \
  _mm256_setr_epi8(                                                                             \
      from, -1, from + 4, -1, from + 1, -1, from + 5, -1, from + 2, -1, from + 6, -1, from + 3, -1, from + 7, -1, \
      from, -1, from + 4, -1, from + 1, -1, from + 5, -1, from + 2, -1, from + 6, -1, from + 3, -1, from + 7, -1)

// One pixel of three or four samples of each of four rows: 16 bits for each sample, of rows 0 and 2 in the first half.
AVX2_INLINE __m256i pixel_of_four_rows(
    const image_kernels_axis *axis, size_t i, size_t channels, const uint8_t *const from[4]) {
  const __m256i first = channels == 3 ? PAIR3(0) : PAIR4(0), second = channels == 3 ? PAIR3(6) : PAIR4(8);
  const image_kernels_taps taps = axis->taps[i];
  const int16_t *weights = (const int16_t *)axis->weights + 2 * axis->stride * i, *low = weights + axis->stride;
  size_t at = (size_t)(taps.first - axis->origin) * channels;
  const __m256i zero = _mm256_setzero_si256();
  parts a = {zero, zero}, b = {zero, zero};
  uint32_t t = 0;
  for (; t + 2 < taps.count; t += 4, at += 4 * channels) {
    const __m256i p = load16(from[0] + at, from[1] + at), q = load16(from[2] + at, from[3] + at);
    __m256i h = two(weights + t), l = two(low + t);
    add(&a, _mm256_shuffle_epi8(p, first), h, l);
    add(&b, _mm256_shuffle_epi8(q, first), h, l);
    h = two(weights + t + 2), l = two(low + t + 2);
    add(&a, _mm256_shuffle_epi8(p, second), h, l);
    add(&b, _mm256_shuffle_epi8(q, second), h, l);
  }
  if (t < taps.count) {
    const __m256i p = load8(from[0] + at, from[1] + at), q = load8(from[2] + at, from[3] + at);
    const __m256i h = two(weights + t), l = two(low + t);
    add(&a, _mm256_shuffle_epi8(p, first), h, l);
    add(&b, _mm256_shuffle_epi8(q, first), h, l);
  }
  return _mm256_packs_epi32(shifted(together(a)), shifted(together(b)));
}

AVX2_INLINE void store4(uint8_t *to, __m128i bytes, size_t count) {
  const int32_t pixel = _mm_cvtsi128_si32(bytes);
  if (count == 4) memcpy(to, &pixel, 4);
  else memcpy(to, &pixel, 3);
}

AVX2_INLINE void rows_of_pixels(
    const image_kernels_axis *axis, size_t channels, const uint8_t *const from[4], uint8_t *const to[4]) {
  size_t i = 0;
  // Four pixels of each row at a time; what is written after them belongs to the next two.
  const __m256i dense = _mm256_broadcastsi128_si256(
      channels == 3 ? _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)
                    : _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (; i + (channels == 3 ? 6 : 4) <= axis->count; i += 4) {
    const __m256i a = pixel_of_four_rows(axis, i, channels, from), b = pixel_of_four_rows(axis, i + 1, channels, from);
    const __m256i c = pixel_of_four_rows(axis, i + 2, channels, from), d = pixel_of_four_rows(axis, i + 3, channels, from);
    // Pixels of rows 0 and 2 take turns in the first half, of 1 and 3 in the second.
    const __m256i ab = _mm256_shuffle_epi32(_mm256_packus_epi16(a, b), 0xD8);
    const __m256i cd = _mm256_shuffle_epi32(_mm256_packus_epi16(c, d), 0xD8);
    const __m256i even = _mm256_shuffle_epi8(_mm256_unpacklo_epi64(ab, cd), dense);
    const __m256i odd = _mm256_shuffle_epi8(_mm256_unpackhi_epi64(ab, cd), dense);
    _mm_storeu_si128((__m128i *)(to[0] + i * channels), _mm256_castsi256_si128(even));
    _mm_storeu_si128((__m128i *)(to[1] + i * channels), _mm256_extracti128_si256(even, 1));
    _mm_storeu_si128((__m128i *)(to[2] + i * channels), _mm256_castsi256_si128(odd));
    _mm_storeu_si128((__m128i *)(to[3] + i * channels), _mm256_extracti128_si256(odd, 1));
  }
  for (; i < axis->count; i++) {
    const __m256i a = pixel_of_four_rows(axis, i, channels, from), bytes = _mm256_packus_epi16(a, a);
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    const size_t size = channels;
    store4(to[0] + i * channels, low, size);
    store4(to[1] + i * channels, high, size);
    store4(to[2] + i * channels, _mm_srli_epi64(low, 32), size);
    store4(to[3] + i * channels, _mm_srli_epi64(high, 32), size);
  }
}

AVX2 static void rows3_avx2(const image_kernels_axis *axis, const uint8_t *const from[4], uint8_t *const to[4]) {
  rows_of_pixels(axis, 3, from, to);
}

AVX2 static void rows4_avx2(const image_kernels_axis *axis, const uint8_t *const from[4], uint8_t *const to[4]) {
  rows_of_pixels(axis, 4, from, to);
}

// Gray: eight taps at a time of each of four rows.
AVX2 static void rows1_avx2(const image_kernels_axis *axis, const uint8_t *const from[4], uint8_t *const to[4]) {
  const int16_t *weights = axis->weights;
  const __m256i zero = _mm256_setzero_si256();
  for (size_t i = 0; i < axis->count; i++, weights += 2 * axis->stride) {
    const image_kernels_taps taps = axis->taps[i];
    size_t at = taps.first - axis->origin;
    parts a = {zero, zero}, b = {zero, zero};
    for (uint32_t t = 0; t < taps.count; t += 8, at += 8) {
      const __m256i h = eight(weights + t), l = eight(weights + axis->stride + t);
      add(&a, _mm256_unpacklo_epi8(load8(from[0] + at, from[1] + at), zero), h, l);
      add(&b, _mm256_unpacklo_epi8(load8(from[2] + at, from[3] + at), zero), h, l);
    }
    __m256i sums = _mm256_hadd_epi32(together(a), together(b));
    sums = shifted(_mm256_hadd_epi32(sums, sums));
    sums = _mm256_packs_epi32(sums, sums);
    sums = _mm256_packus_epi16(sums, sums);
    const int32_t even = _mm_cvtsi128_si32(_mm256_castsi256_si128(sums));
    const int32_t odd = _mm_cvtsi128_si32(_mm256_extracti128_si256(sums, 1));
    to[0][i] = (uint8_t)even, to[1][i] = (uint8_t)odd;
    to[2][i] = (uint8_t)(even >> 8), to[3][i] = (uint8_t)(odd >> 8);
  }
}

// Two channels: four taps at a time of each of four rows.
AVX2 static void rows2_avx2(const image_kernels_axis *axis, const uint8_t *const from[4], uint8_t *const to[4]) {
  const int16_t *weights = axis->weights;
  const __m256i zero = _mm256_setzero_si256();
  const __m256i pairs = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, 2, -1, 1, -1, 3, -1, 4, -1, 6, -1, 5, -1, 7, -1));
  for (size_t i = 0; i < axis->count; i++, weights += 2 * axis->stride) {
    const image_kernels_taps taps = axis->taps[i];
    size_t at = 2 * (size_t)(taps.first - axis->origin);
    parts a = {zero, zero}, b = {zero, zero};
    for (uint32_t t = 0; t < taps.count; t += 4, at += 8) {
      const __m256i h = four(weights + t), l = four(weights + axis->stride + t);
      add(&a, _mm256_shuffle_epi8(load8(from[0] + at, from[1] + at), pairs), h, l);
      add(&b, _mm256_shuffle_epi8(load8(from[2] + at, from[3] + at), pairs), h, l);
    }
    // Both channels of row 0 or 1, then of row 2 or 3.
    const __m256i p = together(a), q = together(b);
    __m256i sums = shifted(_mm256_add_epi32(_mm256_unpacklo_epi64(p, q), _mm256_unpackhi_epi64(p, q)));
    sums = _mm256_packs_epi32(sums, sums);
    sums = _mm256_packus_epi16(sums, sums);
    const int32_t even = _mm_cvtsi128_si32(_mm256_castsi256_si128(sums)), next = even >> 16;
    const int32_t odd = _mm_cvtsi128_si32(_mm256_extracti128_si256(sums, 1)), last = odd >> 16;
    memcpy(to[0] + 2 * i, &even, 2), memcpy(to[1] + 2 * i, &odd, 2);
    memcpy(to[2] + 2 * i, &next, 2), memcpy(to[3] + 2 * i, &last, 2);
  }
}

// 32 bytes of a row of the result.
AVX2_INLINE void column_block(
    const image_kernels_taps taps, const int16_t *weights, size_t weight_stride, const uint8_t *from, size_t stride,
    uint8_t *to) {
  const __m256i zero = _mm256_setzero_si256();
  parts a = {zero, zero}, b = a, c = a, d = a;
  for (uint32_t t = 0; t < taps.count; t += 2) {
    const __m256i h = two(weights + t), l = two(weights + weight_stride + t);
    const __m256i p = _mm256_loadu_si256((const __m256i *)(from + t * stride));
    // Below the last tap there may be no row.
    const __m256i q = t + 1 < taps.count ? _mm256_loadu_si256((const __m256i *)(from + (t + 1) * stride)) : zero;
    const __m256i low = _mm256_unpacklo_epi8(p, q), high = _mm256_unpackhi_epi8(p, q);
    add(&a, _mm256_unpacklo_epi8(low, zero), h, l);
    add(&b, _mm256_unpackhi_epi8(low, zero), h, l);
    add(&c, _mm256_unpacklo_epi8(high, zero), h, l);
    add(&d, _mm256_unpackhi_epi8(high, zero), h, l);
  }
  const __m256i ab = _mm256_packs_epi32(shifted(together(a)), shifted(together(b)));
  const __m256i cd = _mm256_packs_epi32(shifted(together(c)), shifted(together(d)));
  _mm256_storeu_si256((__m256i *)to, _mm256_packus_epi16(ab, cd));
}

AVX2 static void column_avx2(
    const image_kernels_taps taps, const int16_t *weights, size_t weight_stride, const uint8_t *first, size_t stride,
    size_t count, uint8_t *to) {
  if (count < 32) return column_portable(taps, weights, weight_stride, first, stride, count, to);
  size_t x = 0;
  for (; x + 32 <= count; x += 32) column_block(taps, weights, weight_stride, first + x, stride, to + x);
  // The last block begins early enough to end with the row.
  if (x < count) column_block(taps, weights, weight_stride, first + count - 32, stride, to + count - 32);
}
#endif

static int is_portable = 0;

void image_kernels_resample_portably(int portably) { __atomic_store_n(&is_portable, portably, __ATOMIC_RELAXED); }

INLINE int is_vectorized(void) {
#if defined(__x86_64__)
  return !__atomic_load_n(&is_portable, __ATOMIC_RELAXED) && __builtin_cpu_supports("avx2");
#else
  return 0;
#endif
}

void image_kernels_resample_rows(
    const image_kernels_axis *axis, size_t channels, image_kernels_rows from, size_t row_byte_count, size_t count,
    image_kernels_rows to, uint8_t *spare) {
  const int vectorized = is_vectorized();
  const size_t padded = row_byte_count + IMAGE_KERNELS_ROW_SLACK;
  for (size_t row = 0; row < count; row += 4) {
    const uint8_t *sources[4];
    uint8_t *targets[4];
    for (size_t k = 0; k < 4; k++) {
      // Of less than four rows the last is done again.
      const size_t number = row + k < count ? row + k : count - 1;
      sources[k] = from.start + number * from.stride;
      targets[k] = to.start + number * to.stride;
      // Vectors reach beyond the last pixel of a row, where there may be no memory.
      if ((size_t)(from.end - sources[k]) < padded) {
        sources[k] = memcpy(spare + k * padded, sources[k], row_byte_count);
        memset(spare + k * padded + row_byte_count, 0, IMAGE_KERNELS_ROW_SLACK);
      }
    }
#if defined(__x86_64__)
    if (vectorized && channels <= 4) {
      switch (channels) {
        case 1: rows1_avx2(axis, sources, targets); break;
        case 2: rows2_avx2(axis, sources, targets); break;
        case 3: rows3_avx2(axis, sources, targets); break;
        default: rows4_avx2(axis, sources, targets);
      }
      continue;
    }
#endif
    rows_portable(axis, channels, sources, targets);
  }
  (void)vectorized;
}

void image_kernels_resample_columns(
    const image_kernels_axis *axis, image_kernels_rows from, size_t row_byte_count, image_kernels_rows to) {
  const int vectorized = is_vectorized();
  const int16_t *weights = axis->weights;
  for (size_t i = 0; i < axis->count; i++, weights += 2 * axis->stride) {
    const image_kernels_taps taps = axis->taps[i];
    const uint8_t *first = from.start + (size_t)(taps.first - axis->origin) * from.stride;
    uint8_t *target = to.start + i * to.stride;
#if defined(__x86_64__)
    if (vectorized) {
      column_avx2(taps, weights, axis->stride, first, from.stride, row_byte_count, target);
      continue;
    }
#endif
    column_portable(taps, weights, axis->stride, first, from.stride, row_byte_count, target);
  }
  (void)vectorized;
}
