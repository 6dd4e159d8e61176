#pragma once
#include <stddef.h>
#include <stdint.h>

#include "convert.h"

// Images resized along one axis after the other, to the bit as Docs/Resizing.md has it: samples of 8 bits in fixed
// point, as Pillow does, others in float or double.

typedef enum {
  image_kernels_bilinear,
  image_kernels_bicubic
} image_kernels_filter;

/// The samples of an axis that make one position of the resized axis: `count` from `first` on.
typedef struct {
  uint32_t first, count;
} image_kernels_taps;

/// The taps of the positions of a window of a resized axis.
typedef struct {
  const image_kernels_taps *taps;  // of each position
  /// `stride` weights of each position, those after its taps 0: floats, doubles, or for bytes 2 * `stride` int16_t, first
  /// the high parts of all, then the low 11 bits.
  const void *weights;
  size_t stride;  // a multiple of 8
  size_t count;   // of positions
  uint32_t origin;  // the place in the axis of the first sample that is in memory
} image_kernels_axis;

/// The kind of samples that weights are for.
typedef enum {
  image_kernels_fixed_weights,
  image_kernels_float_weights,
  image_kernels_double_weights
} image_kernels_weights;

/// The taps of one position of an axis of `in` samples that is resized to `out`.
image_kernels_taps image_kernels_taps_of(image_kernels_filter filter, size_t in, size_t out, size_t position);

/// How many weights a position has room for: a multiple of 8.
size_t image_kernels_tap_stride(image_kernels_filter filter, size_t in, size_t out);

/// Writes taps and weights of the positions from `first` on, `count` of them. `scratch` has room for `stride` doubles.
void image_kernels_make_taps(
    image_kernels_filter filter, size_t in, size_t out, size_t first, size_t count, size_t stride,
    image_kernels_weights kind, image_kernels_taps *taps, void *weights, double *scratch);

/// Writes which sample of an axis of `in` is nearest to each of some positions of the axis resized to `out`.
void image_kernels_nearest(size_t in, size_t out, size_t first, size_t count, uint32_t *nearest);

/// Rows of pixels of bytes in memory: row `i` begins `i * stride` bytes from `start`; nothing beyond `end` is read or
/// written.
typedef struct {
  uint8_t *start;
  size_t stride;
  const uint8_t *end;
} image_kernels_rows;

/// The bytes that a padded row takes in addition to its own.
#define IMAGE_KERNELS_ROW_SLACK 32

/// Resizes each of `count` rows of bytes. `spare` has room for four rows and IMAGE_KERNELS_ROW_SLACK each.
void image_kernels_resample_rows(
    const image_kernels_axis *axis, size_t channels, image_kernels_rows from, size_t row_byte_count, size_t count,
    image_kernels_rows to, uint8_t *spare);

/// Resizes columns: rows of `row_byte_count` bytes to `axis->count` rows of as many.
void image_kernels_resample_columns(
    const image_kernels_axis *axis, image_kernels_rows from, size_t row_byte_count, image_kernels_rows to);

/// Turns off, or on again, the vector instructions chosen at run time for resizing bytes: for
/// tests, which compare both.
void image_kernels_resample_portably(int portably);

/// Resizes each of `count` rows of samples of a type to floats, or to doubles for types of 32 and 64 bits but float32.
/// Without weights the samples are those of the taps.
void image_kernels_resample_sample_rows(
    const image_kernels_axis *axis, size_t channels, image_kernels_sample type, image_kernels_rows from,
    size_t count, image_kernels_rows to);

/// Resizes columns of rows of `row_sample_count` floats or doubles, and rounds them to samples of the type. `scratch` has
/// room for as many.
void image_kernels_resample_sample_columns(
    const image_kernels_axis *axis, image_kernels_sample type, image_kernels_rows from, size_t row_sample_count,
    image_kernels_rows to, void *scratch);

/// Copies of each row of `count` the pixels at some places, which are counted from `origin`.
void image_kernels_pick_pixels(
    const uint32_t *places, size_t place_count, uint32_t origin, size_t pixel_byte_count, const uint8_t *from,
    uint8_t *to);
