#include <math.h>

#include "vectors.h"
#include "resample.h"

// Which samples make a sample of a resized axis, and with which weights: Pillow's rule, in its order of operations.
#pragma STDC FP_CONTRACT OFF

// The bits after the point of fixed weights: 32 less those of a sample and two more.
#define PRECISION 22

INLINE double support_of(image_kernels_filter filter) { return filter == image_kernels_bicubic ? 2.0 : 1.0; }

INLINE double weight_of(image_kernels_filter filter, double x) {
  if (x < 0.0) x = -x;
  if (filter == image_kernels_bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  const double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

typedef struct {
  double scale, filter_scale, support;
} scales;

INLINE scales scales_of(image_kernels_filter filter, size_t in, size_t out) {
  scales s;
  s.scale = (double)in / (double)out;
  // A filter of the source's scale when enlarging, of the result's when reducing.
  s.filter_scale = s.scale < 1.0 ? 1.0 : s.scale;
  s.support = support_of(filter) * s.filter_scale;
  return s;
}

INLINE image_kernels_taps taps_at(scales s, size_t in, size_t position, double *center) {
  *center = ((double)position + 0.5) * s.scale;
  int64_t first = (int64_t)(*center - s.support + 0.5);
  if (first < 0) first = 0;
  int64_t end = (int64_t)(*center + s.support + 0.5);
  if (end > (int64_t)in) end = (int64_t)in;
  // Only a center beyond all numbers that a double tells apart is that far off.
  if (first >= end) first = end - 1;
  return (image_kernels_taps){(uint32_t)first, (uint32_t)(end - first)};
}

image_kernels_taps image_kernels_taps_of(image_kernels_filter filter, size_t in, size_t out, size_t position) {
  if (in == out) return (image_kernels_taps){(uint32_t)position, 1};
  double center;
  return taps_at(scales_of(filter, in, out), in, position, &center);
}

size_t image_kernels_tap_stride(image_kernels_filter filter, size_t in, size_t out) {
  const size_t most = (size_t)ceil(scales_of(filter, in, out).support) * 2 + 1;
  return (most + 7) / 8 * 8;
}

INLINE void fixed(const double *weights, size_t count, size_t stride, int16_t *out) {
  for (size_t i = 0; i < count; i++) {
    const double w = weights[i] * (1 << PRECISION);
    const int32_t q = (int32_t)(w < 0 ? -0.5 + w : 0.5 + w);
    out[i] = (int16_t)(q >> 11);
    out[stride + i] = (int16_t)(q & 2047);
  }
  for (size_t i = count; i < stride; i++) out[i] = out[stride + i] = 0;
}

// Taps of weight 0 at either end are left out, so that an infinity beside the image's samples stays out of them.
INLINE image_kernels_taps trimmed(image_kernels_taps taps, double **weights) {
  while (taps.count > 1 && **weights == 0) (*weights)++, taps.first++, taps.count--;
  while (taps.count > 1 && (*weights)[taps.count - 1] == 0) taps.count--;
  return taps;
}

INLINE void make_taps(
    image_kernels_filter filter, size_t in, size_t out, size_t first, size_t count, size_t stride,
    image_kernels_weights kind, image_kernels_taps *taps, void *weights, double *scratch) {
  const scales s = scales_of(filter, in, out);
  const double step = 1.0 / s.filter_scale;
  for (size_t i = 0; i < count; i++) {
    double center, sum = 0.0, *w = scratch;
    image_kernels_taps t = taps_at(s, in, first + i, &center);
    for (uint32_t x = 0; x < t.count; x++) {
      w[x] = weight_of(filter, ((double)x + (double)t.first - center + 0.5) * step);
      sum += w[x];
    }
    if (sum != 0.0)
      for (uint32_t x = 0; x < t.count; x++) w[x] /= sum;
    if (in == out) {
      t = (image_kernels_taps){(uint32_t)(first + i), 1};
      w[0] = 1;
    }
    if (kind == image_kernels_fixed_weights) {
      fixed(w, t.count, stride, (int16_t *)weights + 2 * stride * i);
    } else {
      t = trimmed(t, &w);
      float *floats = (float *)weights + stride * i;
      double *doubles = (double *)weights + stride * i;
      for (size_t x = 0; x < stride; x++) {
        const double value = x < t.count ? w[x] : 0;
        if (kind == image_kernels_float_weights) floats[x] = (float)value;
        else doubles[x] = value;
      }
    }
    taps[i] = t;
  }
}

void image_kernels_make_taps(
    image_kernels_filter filter, size_t in, size_t out, size_t first, size_t count, size_t stride,
    image_kernels_weights kind, image_kernels_taps *taps, void *weights, double *scratch) {
  if (filter == image_kernels_bilinear)
    make_taps(image_kernels_bilinear, in, out, first, count, stride, kind, taps, weights, scratch);
  else
    make_taps(image_kernels_bicubic, in, out, first, count, stride, kind, taps, weights, scratch);
}

// Up to this many positions the sum is taken step by step, as Pillow does, whose rounding shows in some places.
#define MOST_STEPS ((size_t)1 << 20)

void image_kernels_nearest(size_t in, size_t out, size_t first, size_t count, uint32_t *nearest) {
  const double scale = (double)in / (double)out;
  double place = scale * 0.5;
  if (out <= MOST_STEPS)
    for (size_t i = 0; i < first; i++) place += scale;
  for (size_t i = 0; i < count; i++) {
    if (out > MOST_STEPS) place = ((double)(first + i) + 0.5) * scale;
    nearest[i] = place < (double)in ? (uint32_t)place : (uint32_t)(in - 1);
    place += scale;
  }
}
