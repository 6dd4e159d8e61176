#include <math.h>

#include "half.h"
#include "vectors.h"
#include "resample.h"

// Samples that are not bytes: sums in float or double, tap by tap in rising order, the products rounded on their own.
#pragma STDC FP_CONTRACT OFF

INLINE float float_of_half(uint16_t half) { return image_kernels_half_to_float(half); }
#define AS_IS(x) (x)

// One row: `count` pixels of sums of type `Sum` from samples of type `Sample`.
#define ROWS(name, Sample, Sum, VALUE)                                                              \
  static void name##_row(                                                                          \
      const image_kernels_axis *axis, size_t channels, const uint8_t *from, Sum *to) {              \
    const Sum *weights = axis->weights;                                                            \
    for (size_t i = 0; i < axis->count; i++, to += channels) {                                      \
      const image_kernels_taps taps = axis->taps[i];                                               \
      const uint8_t *pixel = from + (size_t)(taps.first - axis->origin) * channels * sizeof(Sample); \
      for (size_t c = 0; c < channels; c++) {                                                      \
        Sample sample;                                                                             \
        memcpy(&sample, pixel + c * sizeof(Sample), sizeof sample);                                \
        Sum sum = (Sum)VALUE(sample);                                                              \
        if (weights) sum *= weights[i * axis->stride];                                             \
        for (uint32_t t = 1; t < taps.count; t++) {                                                \
          memcpy(&sample, pixel + (t * channels + c) * sizeof(Sample), sizeof sample);             \
          const Sum product = (Sum)VALUE(sample) * weights[i * axis->stride + t];                  \
          sum = sum + product;                                                                     \
        }                                                                                          \
        to[c] = sum;                                                                               \
      }                                                                                            \
    }                                                                                              \
  }

ROWS(int8, int8_t, float, AS_IS)
ROWS(uint8, uint8_t, float, AS_IS)
ROWS(uint16, uint16_t, float, AS_IS)
ROWS(int16, int16_t, float, AS_IS)
ROWS(float16, uint16_t, float, float_of_half)
ROWS(float32, float, float, AS_IS)
ROWS(int32, int32_t, double, AS_IS)
ROWS(uint32, uint32_t, double, AS_IS)
ROWS(int64, int64_t, double, AS_IS)
ROWS(uint64, uint64_t, double, AS_IS)
ROWS(float64, double, double, AS_IS)

void image_kernels_resample_sample_rows(
    const image_kernels_axis *axis, size_t channels, image_kernels_sample type, image_kernels_rows from,
    size_t count, image_kernels_rows to) {
  for (size_t row = 0; row < count; row++) {
    const uint8_t *source = from.start + row * from.stride;
    void *sums = to.start + row * to.stride;
    switch (type) {
      case image_kernels_uint8: uint8_row(axis, channels, source, sums); break;
      case image_kernels_int8: int8_row(axis, channels, source, sums); break;
      case image_kernels_uint16: uint16_row(axis, channels, source, sums); break;
      case image_kernels_int16: int16_row(axis, channels, source, sums); break;
      case image_kernels_float16: float16_row(axis, channels, source, sums); break;
      case image_kernels_float32: float32_row(axis, channels, source, sums); break;
      case image_kernels_int32: int32_row(axis, channels, source, sums); break;
      case image_kernels_uint32: uint32_row(axis, channels, source, sums); break;
      case image_kernels_int64: int64_row(axis, channels, source, sums); break;
      case image_kernels_uint64: uint64_row(axis, channels, source, sums); break;
      case image_kernels_float64: float64_row(axis, channels, source, sums); break;
    }
  }
}

// Sums to samples: whole numbers are rounded half away from zero and clipped.
#define STORE(name, Sample, Sum, ROUND, LEAST, END, MOST)                                           \
  INLINE void name##_store(const Sum *sums, size_t count, uint8_t *to) {                            \
    for (size_t i = 0; i < count; i++) {                                                           \
      const Sum value = ROUND(sums[i]);                                                            \
      const Sample sample = value >= END ? MOST : value > LEAST ? (Sample)value : (Sample)LEAST;   \
      memcpy(to + i * sizeof sample, &sample, sizeof sample);                                      \
    }                                                                                              \
  }

STORE(uint8, uint8_t, float, roundf, 0.0f, 256.0f, UINT8_MAX)
STORE(int8, int8_t, float, roundf, -128.0f, 128.0f, INT8_MAX)
STORE(uint16, uint16_t, float, roundf, 0.0f, 65536.0f, UINT16_MAX)
STORE(int16, int16_t, float, roundf, -32768.0f, 32768.0f, INT16_MAX)
STORE(int32, int32_t, double, round, -2147483648.0, 2147483648.0, INT32_MAX)
STORE(uint32, uint32_t, double, round, 0.0, 4294967296.0, UINT32_MAX)
STORE(int64, int64_t, double, round, -9223372036854775808.0, 9223372036854775808.0, INT64_MAX)
STORE(uint64, uint64_t, double, round, 0.0, 18446744073709551616.0, UINT64_MAX)

INLINE void store(image_kernels_sample type, const void *sums, size_t count, uint8_t *to) {
  switch (type) {
    case image_kernels_uint8: uint8_store(sums, count, to); break;
    case image_kernels_int8: int8_store(sums, count, to); break;
    case image_kernels_uint16: uint16_store(sums, count, to); break;
    case image_kernels_int16: int16_store(sums, count, to); break;
    case image_kernels_int32: int32_store(sums, count, to); break;
    case image_kernels_uint32: uint32_store(sums, count, to); break;
    case image_kernels_int64: int64_store(sums, count, to); break;
    case image_kernels_uint64: uint64_store(sums, count, to); break;
    case image_kernels_float32: memcpy(to, sums, count * sizeof(float)); break;
    case image_kernels_float64: memcpy(to, sums, count * sizeof(double)); break;
    case image_kernels_float16:
      for (size_t i = 0; i < count; i += 256) {
        uint16_t halves[256];
        const size_t n = count - i < 256 ? count - i : 256;
        image_kernels_floats_to_halves((const float *)sums + i, n, halves);
        memcpy(to + 2 * i, halves, 2 * n);
      }
  }
}

#define COLUMN(name, Sum)                                                                           \
  INLINE void name(                                                                                \
      const image_kernels_taps taps, const Sum *weights, const uint8_t *first, size_t stride,       \
      size_t count, Sum *sums) {                                                                   \
    const Sum *row = (const Sum *)first;                                                           \
    for (size_t i = 0; i < count; i++) sums[i] = weights ? row[i] * weights[0] : row[i];            \
    for (uint32_t t = 1; t < taps.count; t++) {                                                    \
      row = (const Sum *)(first + t * stride);                                                     \
      const Sum weight = weights[t];                                                               \
      for (size_t i = 0; i < count; i++) {                                                         \
        const Sum product = row[i] * weight;                                                       \
        sums[i] = sums[i] + product;                                                               \
      }                                                                                            \
    }                                                                                              \
  }

COLUMN(float_column, float)
COLUMN(double_column, double)

void image_kernels_resample_sample_columns(
    const image_kernels_axis *axis, image_kernels_sample type, image_kernels_rows from, size_t row_sample_count,
    image_kernels_rows to, void *scratch) {
  const size_t size = image_kernels_sample_size(type);
  const int is_double = size == 8 || (size == 4 && type != image_kernels_float32);
  for (size_t i = 0; i < axis->count; i++) {
    const image_kernels_taps taps = axis->taps[i];
    const uint8_t *first = from.start + (size_t)(taps.first - axis->origin) * from.stride;
    if (is_double) {
      const double *weights = axis->weights;
      double_column(taps, weights ? weights + i * axis->stride : 0, first, from.stride, row_sample_count, scratch);
    } else {
      const float *weights = axis->weights;
      float_column(taps, weights ? weights + i * axis->stride : 0, first, from.stride, row_sample_count, scratch);
    }
    store(type, scratch, row_sample_count, to.start + i * to.stride);
  }
}
