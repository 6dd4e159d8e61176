#pragma once
#include <stddef.h>
#include <stdint.h>

// Images to tensors: crop, mirror, normalise and reorder in one pass.

typedef enum {
  image_kernels_uint8,
  image_kernels_int8,
  image_kernels_uint16,
  image_kernels_int16,
  image_kernels_int32,
  image_kernels_int64,
  image_kernels_uint32,
  image_kernels_uint64,
  image_kernels_float16,
  image_kernels_float32,
  image_kernels_float64
} image_kernels_sample;

/// The most channels whose samples can be converted to another type.
#define IMAGE_KERNELS_MAXIMUM_CHANNELS 1024

typedef struct {
  size_t height, width, channels;  // of the images
  size_t out_height, out_width;
  size_t scratch_rows;  // of the window, of at least one
  image_kernels_sample type;      // of the images' samples
  image_kernels_sample out_type;  // float16 or float32 if it differs from type or normalizes
  uint8_t normalizes;
  uint8_t planar;
  // Of 8 * channels samples in turn; value = (sample - mean) * scale.
  const float *means, *scales;
} image_kernels_conversion;

size_t image_kernels_sample_size(image_kernels_sample type);

/// Writes the window of an image that begins at (row, column), mirrored or not. The part of the
/// window outside the image gets samples of 0. `scratch` has room for `scratch_rows` of the
/// window's rows as they are stored. `next` is the address at which the next image is expected, or
/// 0 if it is not known; it is fetched into the caches in the meantime and never read.
void image_kernels_convert(
    const image_kernels_conversion *conversion, const void *image, ptrdiff_t row, ptrdiff_t column,
    int mirrored, void *destination, void *scratch, uintptr_t next);
