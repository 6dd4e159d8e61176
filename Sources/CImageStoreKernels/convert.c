#include "convert.h"
#include "half.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef float f32x8 __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(v, p) memcpy(&(v), (p), sizeof(v))
#define STORE(p, v) memcpy((p), &(v), sizeof(v))
// Samples that are held as floats at a time: they stay in the first level of cache.
#define CHUNK 2048

size_t image_kernels_sample_size(image_kernels_sample type) {
  static const size_t sizes[] = {1, 1, 2, 2, 4, 8, 4, 8, 2, 4, 8};
  return sizes[type];
}

// A run of pixels: what is to become of samples that are one after another.
typedef struct {
  const uint8_t *source;
  size_t pixels, channels;
  const float *means, *scales;
  float *out;
  size_t plane;    // samples from one plane to the next; 0 for interleaved
  uintptr_t next;  // where bytes that are wanted soon are believed to be
} run;

// An address that may be wrong does no harm: a prefetch reads nothing.
#define PREFETCH(address) __builtin_prefetch((const void *)(address))

// value = (sample - mean) * scale, in two roundings on every machine.
INLINE void normalize_8(const uint8_t *bytes, const f32x8 *mean, const f32x8 *scale, float *out) {
  u8x8 samples;
  LOAD(samples, bytes);
  f32x8 value = (__builtin_convertvector(__builtin_convertvector(samples, i32x8), f32x8) - *mean) * *scale;
  STORE(out, value);
}

INLINE void normalize_bytes(const run *r) {
  size_t count = r->pixels * r->channels, i = 0, turn = 0;
  f32x8 m[3], s[3];
  size_t turns = r->channels == 3 ? 3 : 1;
  for (size_t t = 0; t < turns; t++) {
    LOAD(m[t], r->means + 8 * t);
    LOAD(s[t], r->scales + 8 * t);
  }
  if (8 % r->channels == 0) {
    // The channels come round within a vector.
    for (; i + 8 <= count; i += 8) {
      normalize_8(r->source + i, &m[0], &s[0], r->out + i);
      PREFETCH(r->next + i);
    }
  } else if (r->channels == 3) {
    for (; i + 24 <= count; i += 24) {
      normalize_8(r->source + i, &m[0], &s[0], r->out + i);
      normalize_8(r->source + i + 8, &m[1], &s[1], r->out + i + 8);
      normalize_8(r->source + i + 16, &m[2], &s[2], r->out + i + 16);
      PREFETCH(r->next + i);
    }
  } else {
    for (; i + 8 <= count; i += 8) {
      f32x8 mean, scale;
      LOAD(mean, r->means + turn * 8);
      LOAD(scale, r->scales + turn * 8);
      normalize_8(r->source + i, &mean, &scale, r->out + i);
      if (++turn == r->channels) turn = 0;
    }
  }
  size_t phase = i % r->channels;
  for (; i < count; i++) {
    r->out[i] = ((float)r->source[i] - r->means[phase]) * r->scales[phase];
    if (++phase == r->channels) phase = 0;
  }
}

INLINE void store_plane(float *out, u8x16 bytes, float mean, float scale) {
  u8x8 low = __builtin_shufflevector(bytes, bytes, 0, 1, 2, 3, 4, 5, 6, 7);
  u8x8 high = __builtin_shufflevector(bytes, bytes, 8, 9, 10, 11, 12, 13, 14, 15);
  f32x8 a = (__builtin_convertvector(__builtin_convertvector(low, i32x8), f32x8) - mean) * scale;
  f32x8 b = (__builtin_convertvector(__builtin_convertvector(high, i32x8), f32x8) - mean) * scale;
  STORE(out, a);
  STORE(out + 8, b);
}

static void split_rest_of_3(const run *r, size_t i) {
  const float *m = r->means, *s = r->scales;
  for (; i < r->pixels; i++)
    for (size_t c = 0; c < 3; c++)
      r->out[c * r->plane + i] = ((float)r->source[3 * i + c] - m[c]) * s[c];
}

INLINE void split_bytes_of_3(const run *r) {
  const float *m = r->means, *s = r->scales;
  float *o0 = r->out, *o1 = o0 + r->plane, *o2 = o1 + r->plane;
  size_t i = 0;
  for (; i + 16 <= r->pixels; i += 16) {
    u8x16 a, b, c;
    LOAD(a, r->source + 3 * i);
    LOAD(b, r->source + 3 * i + 16);
    LOAD(c, r->source + 3 * i + 32);
    // Sample 3k + j of the 48 bytes is pixel k of plane j; -1 stands for a byte the second step brings.
    u8x16 p0 = __builtin_shufflevector(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, -1, -1, -1, -1, -1);
    u8x16 p1 = __builtin_shufflevector(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, -1, -1, -1, -1, -1);
    u8x16 p2 = __builtin_shufflevector(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, -1, -1, -1, -1, -1, -1);
    p0 = __builtin_shufflevector(p0, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29);
    p1 = __builtin_shufflevector(p1, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30);
    p2 = __builtin_shufflevector(p2, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31);
    store_plane(o0 + i, p0, m[0], s[0]);
    store_plane(o1 + i, p1, m[1], s[1]);
    store_plane(o2 + i, p2, m[2], s[2]);
    PREFETCH(r->next + 3 * i);
  }
  split_rest_of_3(r, i);
}
#if defined(__x86_64__)
__attribute__((target("avx2"))) static void normalize_bytes_avx2(const run *r) { normalize_bytes(r); }

// Eight pixels: four in each half of a vector, so that one shuffle widens the bytes of a plane too.
__attribute__((target("avx2"))) static void split_bytes_avx2(const run *r) {
  // Pixels 4 to 7 begin 4 bytes into the 16 that end with them, so that nothing beyond is read.
  const __m256i first = _mm256_setr_epi8(
      0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1,
      4, -1, -1, -1, 7, -1, -1, -1, 10, -1, -1, -1, 13, -1, -1, -1);
  // Bytes that are not to be stay so: -1 and what is added have the highest bit set.
  const __m256i one = _mm256_set1_epi32(1);
  __m256i masks[3] = {first, _mm256_add_epi32(first, one), _mm256_add_epi32(first, _mm256_add_epi32(one, one))};
  __m256 mean[3], scale[3];
  for (int c = 0; c < 3; c++) {
    mean[c] = _mm256_set1_ps(r->means[c]);
    scale[c] = _mm256_set1_ps(r->scales[c]);
  }
  float *o0 = r->out, *o1 = o0 + r->plane, *o2 = o1 + r->plane;
  size_t i = 0;
  for (; i + 8 <= r->pixels; i += 8) {
    const uint8_t *p = r->source + 3 * i;
    __m256i bytes = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)),
        _mm_loadu_si128((const __m128i *)(p + 8)), 1);
    __m256 a = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, masks[0]));
    __m256 b = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, masks[1]));
    __m256 c = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, masks[2]));
    _mm256_storeu_ps(o0 + i, _mm256_mul_ps(_mm256_sub_ps(a, mean[0]), scale[0]));
    _mm256_storeu_ps(o1 + i, _mm256_mul_ps(_mm256_sub_ps(b, mean[1]), scale[1]));
    _mm256_storeu_ps(o2 + i, _mm256_mul_ps(_mm256_sub_ps(c, mean[2]), scale[2]));
    PREFETCH(r->next + 3 * i);
  }
  split_rest_of_3(r, i);
}
#endif

static void bytes_to_floats(const run *r) {
  int splits = r->plane && r->channels == 3;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    if (splits)
      split_bytes_avx2(r);
    else
      normalize_bytes_avx2(r);
    return;
  }
#endif
  if (splits)
    split_bytes_of_3(r);
  else
    normalize_bytes(r);
}

#define WIDEN(type)                           \
  for (size_t i = 0; i < count; i++) {        \
    type sample;                              \
    LOAD(sample, source + i * sizeof(sample)); \
    out[i] = (float)sample;                   \
  }                                           \
  break

static void widen(const uint8_t *source, image_kernels_sample type, size_t count, float *out) {
  switch (type) {
  case image_kernels_uint8: WIDEN(uint8_t);
  case image_kernels_int8: WIDEN(int8_t);
  case image_kernels_uint16: WIDEN(uint16_t);
  case image_kernels_int16: WIDEN(int16_t);
  case image_kernels_int32: WIDEN(int32_t);
  case image_kernels_int64: WIDEN(int64_t);
  case image_kernels_uint32: WIDEN(uint32_t);
  case image_kernels_uint64: WIDEN(uint64_t);
  case image_kernels_float32: WIDEN(float);
  case image_kernels_float64: WIDEN(double);
  case image_kernels_float16:
    for (size_t i = 0; i < count; i++) {
      uint16_t half;
      LOAD(half, source + 2 * i);
      out[i] = image_kernels_half_to_float(half);
    }
  }
}

// As many pixels of a chunk as keep the planes in it aligned.
static size_t whole_vectors(size_t pixels) { return pixels >= 16 ? pixels & ~(size_t)15 : pixels; }

// Floats of a run, in the order of the tensor, whatever the type of the samples.
static void to_floats(const run *r, image_kernels_sample type) {
  if (type == image_kernels_uint8 && (!r->plane || r->channels == 3 || r->channels == 1)) {
    bytes_to_floats(r);
    return;
  }
  float buffer[CHUNK] __attribute__((aligned(64)));
  size_t step = whole_vectors(CHUNK / r->channels), size = image_kernels_sample_size(type), channels = r->channels;
  for (size_t first = 0; first < r->pixels; first += step) {
    size_t pixels = r->pixels - first < step ? r->pixels - first : step;
    widen(r->source + first * channels * size, type, pixels * channels, buffer);
    for (size_t c = 0; c < channels; c++) {
      float mean = r->means[c], scale = r->scales[c];
      float *out = r->plane ? r->out + c * r->plane + first : r->out + first * channels + c;
      size_t stride = r->plane ? 1 : channels;
      for (size_t i = 0; i < pixels; i++) out[i * stride] = (buffer[i * channels + c] - mean) * scale;
    }
  }
}

static void to_halves(const run *r, image_kernels_sample type, uint16_t *out) {
  float buffer[CHUNK] __attribute__((aligned(64)));
  size_t step = whole_vectors(CHUNK / r->channels), size = image_kernels_sample_size(type), channels = r->channels;
  for (size_t first = 0; first < r->pixels; first += step) {
    size_t pixels = r->pixels - first < step ? r->pixels - first : step;
    run part = *r;
    part.source += first * channels * size;
    part.next += first * channels * size;
    part.pixels = pixels;
    part.out = buffer;
    part.plane = r->plane ? pixels : 0;
    to_floats(&part, type);
    if (r->plane)
      for (size_t c = 0; c < channels; c++)
        image_kernels_floats_to_halves(buffer + c * pixels, pixels, out + c * r->plane + first);
    else
      image_kernels_floats_to_halves(buffer, pixels * channels, out + first * channels);
  }
}

#define SPLIT(type)                                                            \
  for (size_t c = 0; c < r->channels; c++)                                     \
    for (size_t i = 0; i < r->pixels; i++)                                     \
      memcpy(out + (c * r->plane + i) * sizeof(type),                          \
             r->source + (i * r->channels + c) * sizeof(type), sizeof(type));  \
  break

static void copy_samples(const run *r, size_t size, uint8_t *out) {
  if (!r->plane || r->channels == 1) {
    memcpy(out, r->source, r->pixels * r->channels * size);
    return;
  }
  switch (size) {
  case 1: SPLIT(uint8_t);
  case 2: SPLIT(uint16_t);
  case 4: SPLIT(uint32_t);
  default: SPLIT(uint64_t);
  }
}

#define MIRROR(per, ...)                                                              \
  for (; i + 16 / size <= pixels; i += per) {                                         \
    u8x16 v;                                                                          \
    LOAD(v, source + i * size);                                                       \
    v = __builtin_shufflevector(v, v, __VA_ARGS__);                                   \
    memcpy(out + (pixels - i - per) * size, &v, 16);                                  \
  }                                                                                   \
  break

INLINE void mirror(const uint8_t *source, size_t pixels, size_t size, uint8_t *out) {
  size_t i = 0;
  switch (size) {
  case 1: MIRROR(16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  case 2: MIRROR(8, 14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1);
  case 3:
    // Five pixels of 16 bytes: a sixth must follow, of which one byte is read.
    for (; i + 6 <= pixels; i += 5) {
      u8x16 v;
      LOAD(v, source + i * 3);
      v = __builtin_shufflevector(v, v, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, 15);
      memcpy(out + (pixels - i - 5) * 3, &v, 15);
    }
    break;
  case 4: MIRROR(4, 12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  }
  for (; i < pixels; i++) memcpy(out + (pixels - i - 1) * size, source + i * size, size);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void mirror_avx2(
    const uint8_t *source, size_t pixels, size_t size, uint8_t *out) {
  mirror(source, pixels, size, out);
}
#endif

static void mirror_row(const uint8_t *source, size_t pixels, size_t size, uint8_t *out) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    mirror_avx2(source, pixels, size, out);
    return;
  }
#endif
  mirror(source, pixels, size, out);
}

static void convert_run(
    const image_kernels_conversion *k, const uint8_t *source, uintptr_t next, size_t first, size_t pixels,
    uint8_t *out) {
  run r = {
      .source = source, .pixels = pixels, .channels = k->channels, .means = k->means, .scales = k->scales,
      .next = next, .plane = k->planar ? k->out_height * k->out_width : 0};
  out += first * (k->planar ? 1 : k->channels) * image_kernels_sample_size(k->out_type);
  if (!k->normalizes) {
    copy_samples(&r, image_kernels_sample_size(k->type), out);
  } else if (k->out_type == image_kernels_float16) {
    to_halves(&r, k->type, (uint16_t *)out);
  } else {
    r.out = (float *)out;
    to_floats(&r, k->type);
  }
}

void image_kernels_convert(
    const image_kernels_conversion *k, const void *image, ptrdiff_t row, ptrdiff_t column, int mirrored,
    void *destination, void *scratch, uintptr_t next) {
  const uint8_t *base = image;
  size_t pixel = k->channels * image_kernels_sample_size(k->type), width = k->out_width;
  ptrdiff_t rows = (ptrdiff_t)k->height, columns = (ptrdiff_t)k->width;
  if (!mirrored && column == 0 && width == k->width && row >= 0 &&
      row + (ptrdiff_t)k->out_height <= rows) {
    const uint8_t *source = base + (size_t)row * width * pixel;
    convert_run(
        k, source, next ? next + (size_t)row * width * pixel : (uintptr_t)source, 0,
        k->out_height * width, destination);
    return;
  }
  // The columns of the window that are in the image.
  ptrdiff_t from = column < 0 ? 0 : column, to = column + (ptrdiff_t)width;
  if (to > columns) to = columns;
  if (to < from) to = from;
  if (!next) next = (uintptr_t)image;
  size_t inside = (size_t)(to - from), before = inside ? (size_t)(from - column) : width;
  if (mirrored && inside) before = width - before - inside;
  size_t after = width - before - inside, line = width * pixel;
  for (size_t first = 0; first < k->out_height; first += k->scratch_rows) {
    size_t count = k->out_height - first < k->scratch_rows ? k->out_height - first : k->scratch_rows;
    for (size_t y = 0; y < count; y++) {
      ptrdiff_t source_row = row + (ptrdiff_t)(first + y);
      uint8_t *staged = (uint8_t *)scratch + y * line;
      if (source_row < 0 || source_row >= rows || !inside) {
        memset(staged, 0, line);
        continue;
      }
      const uint8_t *source = base + ((size_t)source_row * k->width + (size_t)from) * pixel;
      memset(staged, 0, before * pixel);
      if (mirrored)
        mirror_row(source, inside, pixel, staged + before * pixel);
      else
        memcpy(staged + before * pixel, source, inside * pixel);
      memset(staged + (before + inside) * pixel, 0, after * pixel);
    }
    convert_run(k, scratch, next + first * k->width * pixel, first * width, count * width, destination);
  }
}
