#include "png_filters.h"

#include <string.h>

// Written with clang's vector types, which become SSE or NEON; every function that holds a loop is
// expanded once for the processor the build is for and, on x86-64, once with SSE4.1.
#define INLINE static inline __attribute__((always_inline))

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef int16_t i16x16 __attribute__((vector_size(32)));

INLINE u8x16 load16(const uint8_t *p) {
  u8x16 v;
  memcpy(&v, p, 16);
  return v;
}

INLINE void store16(uint8_t *p, u8x16 v) { memcpy(p, &v, 16); }

// One pixel in 16-bit lanes.
INLINE i16x8 load_pixel(const uint8_t *p, size_t bytes) {
  u8x8 v = {0};
  memcpy(&v, p, bytes);
  return __builtin_convertvector(v, i16x8);
}

INLINE void store_pixel(uint8_t *p, i16x8 v, size_t bytes) {
  u8x8 narrow = __builtin_convertvector(v, u8x8);
  memcpy(p, &narrow, bytes);
}

// The sum modulo 256 of lanes that hold bytes.
INLINE i16x8 add_bytes(i16x8 a, i16x8 b) { return (i16x8)((u8x16)a + (u8x16)b); }

// Paeth's predictor of a (left), b (above) and c (above left). Choosing the nearest of the three to
// a + b - c is the same as comparing 3c - a - b with the smaller and the larger of a and b, and that
// has fewer steps between one pixel and the next.
#define PAETH(vector, a, b, c)                            \
  ({                                                      \
    vector threshold_ = (c) + (c) + (c) - (b) - (a);      \
    vector low_ = __builtin_elementwise_min((a), (b));    \
    vector high_ = __builtin_elementwise_max((a), (b));   \
    vector first_ = high_ <= threshold_;                  \
    vector second_ = threshold_ <= low_;                  \
    vector inner_ = (low_ & first_) | ((c) & ~first_);    \
    (high_ & second_) | (inner_ & ~second_);              \
  })

INLINE uint8_t paeth(int a, int b, int c) {
  int threshold = 3 * c - b - a;
  int low = a < b ? a : b;
  int high = a < b ? b : a;
  int inner = high <= threshold ? low : c;
  return (uint8_t)(threshold <= low ? high : inner);
}

#define SHIFT(v, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15)           \
  __builtin_shufflevector((u8x16){0}, v, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, \
                          i13, i14, i15)
#define SHIFT1(v) SHIFT(v, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
#define SHIFT2(v) SHIFT(v, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
#define SHIFT3(v) SHIFT(v, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28)
#define SHIFT4(v) SHIFT(v, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27)
#define SHIFT6(v) SHIFT(v, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)
#define SHIFT8(v) SHIFT(v, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23)
#define LAST(v, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15)         \
  __builtin_shufflevector(v, v, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, \
                          i14, i15)

// Sums within a vector, so that each pixel becomes the sum of those up to it, for 16 bytes or, if
// pixels of 3 or 6 bytes do not divide 16, for the first 12.
INLINE u8x16 running_sum(u8x16 v, size_t pixelBytes) {
  switch (pixelBytes) {
  case 1: v += SHIFT1(v); v += SHIFT2(v); v += SHIFT4(v); return v + SHIFT8(v);
  case 2: v += SHIFT2(v); v += SHIFT4(v); return v + SHIFT8(v);
  case 3: v += SHIFT3(v); return v + SHIFT6(v);
  case 4: v += SHIFT4(v); return v + SHIFT8(v);
  case 6: return v + SHIFT6(v);
  default: return v + SHIFT8(v);
  }
}

// The last pixel of a vector in the place of each.
INLINE u8x16 last_pixel(u8x16 v, size_t pixelBytes) {
  switch (pixelBytes) {
  case 1: return LAST(v, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
  case 2: return LAST(v, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15, 14, 15);
  case 3: return LAST(v, 9, 10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 11, 9);
  case 4: return LAST(v, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
  case 6: return LAST(v, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9);
  default: return LAST(v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  }
}

INLINE void unfilter_sub(const uint8_t *in, uint8_t *out, size_t count, size_t pixelBytes) {
  size_t step = pixelBytes == 3 || pixelBytes == 6 ? 12 : 16;
  u8x16 carry = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += step) {
    u8x16 v = running_sum(load16(in + i), pixelBytes) + carry;
    memcpy(out + i, &v, step);
    carry = last_pixel(v, pixelBytes);
  }
  for (; i < count; i++) out[i] = (uint8_t)(in[i] + (i >= pixelBytes ? out[i - pixelBytes] : 0));
}

INLINE void unfilter_up(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) store16(out + i, load16(in + i) + load16(above + i));
  for (; i < count; i++) out[i] = (uint8_t)(in[i] + above[i]);
}

INLINE void unfilter_average(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t count,
                             size_t pixelBytes) {
  if (pixelBytes == 1) {
    unsigned left = 0;
    for (size_t i = 0; i < count; i++) out[i] = left = (uint8_t)(in[i] + ((left + above[i]) >> 1));
    return;
  }
  i16x8 left = {0};
  for (size_t i = 0; i < count; i += pixelBytes) {
    i16x8 b = load_pixel(above + i, pixelBytes);
    left = add_bytes(load_pixel(in + i, pixelBytes), (left + b) >> 1);
    store_pixel(out + i, left, pixelBytes);
  }
}

INLINE void unfilter_paeth(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t count,
                           size_t pixelBytes) {
  if (pixelBytes == 1) {
    int left = 0, aboveLeft = 0;
    for (size_t i = 0; i < count; i++) {
      out[i] = left = (uint8_t)(in[i] + paeth(left, above[i], aboveLeft));
      aboveLeft = above[i];
    }
    return;
  }
  i16x8 left = {0}, aboveLeft = {0};
  for (size_t i = 0; i < count; i += pixelBytes) {
    i16x8 b = load_pixel(above + i, pixelBytes);
    i16x8 prediction = PAETH(i16x8, left, b, aboveLeft);
    left = add_bytes(load_pixel(in + i, pixelBytes), prediction);
    aboveLeft = b;
    store_pixel(out + i, left, pixelBytes);
  }
}

// The row above the first is zero, which makes Up nothing and Paeth the same as Sub.
INLINE void unfilter_average_first(const uint8_t *in, uint8_t *out, size_t count,
                                   size_t pixelBytes) {
  for (size_t i = 0; i < count; i++)
    out[i] = (uint8_t)(in[i] + (i >= pixelBytes ? out[i - pixelBytes] >> 1 : 0));
}

INLINE size_t unfilter(const uint8_t *filtered, uint8_t *pixels, size_t stride, size_t rowBytes,
                       size_t rows, size_t pixelBytes) {
  const uint8_t *above = NULL;
  for (size_t row = 0; row < rows; row++) {
    uint8_t type = *filtered++;
    if (type > IMAGE_KERNELS_PNG_PAETH) return row;
    if (!above) {
      if (type == IMAGE_KERNELS_PNG_UP) type = IMAGE_KERNELS_PNG_NONE;
      if (type == IMAGE_KERNELS_PNG_PAETH) type = IMAGE_KERNELS_PNG_SUB;
    }
    switch (type) {
    case IMAGE_KERNELS_PNG_NONE: memmove(pixels, filtered, rowBytes); break;
    case IMAGE_KERNELS_PNG_SUB: unfilter_sub(filtered, pixels, rowBytes, pixelBytes); break;
    case IMAGE_KERNELS_PNG_UP: unfilter_up(filtered, above, pixels, rowBytes); break;
    case IMAGE_KERNELS_PNG_AVERAGE:
      if (above) unfilter_average(filtered, above, pixels, rowBytes, pixelBytes);
      else unfilter_average_first(filtered, pixels, rowBytes, pixelBytes);
      break;
    default: unfilter_paeth(filtered, above, pixels, rowBytes, pixelBytes); break;
    }
    above = pixels;
    pixels += stride;
    filtered += rowBytes;
  }
  return rows;
}

INLINE u8x16 predict_paeth(u8x16 left, u8x16 above, u8x16 aboveLeft) {
  i16x16 a = __builtin_convertvector(left, i16x16);
  i16x16 b = __builtin_convertvector(above, i16x16);
  i16x16 c = __builtin_convertvector(aboveLeft, i16x16);
  return __builtin_convertvector(PAETH(i16x16, a, b, c), u8x16);
}

INLINE u8x16 predict_average(u8x16 a, u8x16 b) { return (a & b) + ((a ^ b) >> 1); }

INLINE void filter_row(int type, const uint8_t *in, const uint8_t *above, uint8_t *out,
                       size_t count, size_t pixelBytes) {
  size_t first = type == IMAGE_KERNELS_PNG_UP ? 0 : pixelBytes;
  for (size_t i = 0; i < first && i < count; i++) {
    unsigned b = above ? above[i] : 0;
    out[i] = (uint8_t)(in[i] - (type == IMAGE_KERNELS_PNG_SUB       ? 0
                                : type == IMAGE_KERNELS_PNG_AVERAGE ? b >> 1
                                                                    : b));
  }
  size_t i = first;
  for (; i + 16 <= count; i += 16) {
    u8x16 a = i >= pixelBytes ? load16(in + i - pixelBytes) : (u8x16){0};
    u8x16 b = above ? load16(above + i) : (u8x16){0};
    u8x16 prediction;
    switch (type) {
    case IMAGE_KERNELS_PNG_SUB: prediction = a; break;
    case IMAGE_KERNELS_PNG_UP: prediction = b; break;
    case IMAGE_KERNELS_PNG_AVERAGE: prediction = predict_average(a, b); break;
    default: prediction = predict_paeth(a, b, load16(above + i - pixelBytes)); break;
    }
    store16(out + i, load16(in + i) - prediction);
  }
  for (; i < count; i++) {
    unsigned a = i >= pixelBytes ? in[i - pixelBytes] : 0;
    unsigned b = above ? above[i] : 0;
    switch (type) {
    case IMAGE_KERNELS_PNG_SUB: out[i] = (uint8_t)(in[i] - a); break;
    case IMAGE_KERNELS_PNG_UP: out[i] = (uint8_t)(in[i] - b); break;
    case IMAGE_KERNELS_PNG_AVERAGE: out[i] = (uint8_t)(in[i] - ((a + b) >> 1)); break;
    default: out[i] = (uint8_t)(in[i] - paeth((int)a, (int)b, above[i - pixelBytes])); break;
    }
  }
}

INLINE void filter(int type, const uint8_t *pixels, uint8_t *filtered, size_t rowBytes,
                   size_t rows, size_t pixelBytes) {
  const uint8_t *above = NULL;
  for (size_t row = 0; row < rows; row++) {
    *filtered++ = (uint8_t)type;
    int actual = type;
    if (!above && type == IMAGE_KERNELS_PNG_UP) actual = IMAGE_KERNELS_PNG_NONE;
    if (!above && type == IMAGE_KERNELS_PNG_PAETH) actual = IMAGE_KERNELS_PNG_SUB;
    switch (actual) {
    case IMAGE_KERNELS_PNG_NONE: memcpy(filtered, pixels, rowBytes); break;
    case IMAGE_KERNELS_PNG_SUB:
      filter_row(IMAGE_KERNELS_PNG_SUB, pixels, above, filtered, rowBytes, pixelBytes);
      break;
    case IMAGE_KERNELS_PNG_UP:
      filter_row(IMAGE_KERNELS_PNG_UP, pixels, above, filtered, rowBytes, pixelBytes);
      break;
    case IMAGE_KERNELS_PNG_AVERAGE:
      filter_row(IMAGE_KERNELS_PNG_AVERAGE, pixels, above, filtered, rowBytes, pixelBytes);
      break;
    default:
      filter_row(IMAGE_KERNELS_PNG_PAETH, pixels, above, filtered, rowBytes, pixelBytes);
      break;
    }
    above = pixels;
    pixels += rowBytes;
    filtered += rowBytes;
  }
}

// A constant distance lets the compiler unroll what depends on it.
#define FOR_EACH_DISTANCE(call)                  \
  switch (pixelBytes) {                          \
  case 1: { enum { distance = 1 }; call; }       \
  case 2: { enum { distance = 2 }; call; }       \
  case 3: { enum { distance = 3 }; call; }       \
  case 4: { enum { distance = 4 }; call; }       \
  case 6: { enum { distance = 6 }; call; }       \
  default: { enum { distance = 8 }; call; }      \
  }

#define DEFINE(suffix, attribute)                                                              \
  attribute static size_t unfilter_##suffix(const uint8_t *filtered, uint8_t *pixels,          \
                                            size_t stride, size_t rowBytes, size_t rows,       \
                                            size_t pixelBytes) {                               \
    FOR_EACH_DISTANCE(return unfilter(filtered, pixels, stride, rowBytes, rows, distance))     \
  }                                                                                            \
  attribute static void filter_##suffix(int type, const uint8_t *pixels, uint8_t *filtered,    \
                                        size_t rowBytes, size_t rows, size_t pixelBytes) {     \
    filter(type, pixels, filtered, rowBytes, rows, pixelBytes);                                \
  }

DEFINE(portable, )

#if defined(__x86_64__)
DEFINE(sse41, __attribute__((target("sse4.1"))))
#endif

size_t image_kernels_png_unfilter(const uint8_t *filtered, uint8_t *pixels, size_t stride,
                                  size_t rowBytes, size_t rows, size_t pixelBytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.1"))
    return unfilter_sse41(filtered, pixels, stride, rowBytes, rows, pixelBytes);
#endif
  return unfilter_portable(filtered, pixels, stride, rowBytes, rows, pixelBytes);
}

void image_kernels_png_filter(int type, const uint8_t *pixels, uint8_t *filtered, size_t rowBytes,
                              size_t rows, size_t pixelBytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.1")) {
    filter_sse41(type, pixels, filtered, rowBytes, rows, pixelBytes);
    return;
  }
#endif
  filter_portable(type, pixels, filtered, rowBytes, rows, pixelBytes);
}
