#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A rectangle of an image whose pixels are bits, packed as numpy.packbits packs them.
///
/// Packed along rows (axis 0 of the image), byte `b * stride + x` holds rows 8b to 8b+7 of column x;
/// packed along columns (axis 1), byte `y * stride + b` holds columns 8b to 8b+7 of row y. The first of
/// the eight is bit 7 in big order and bit 0 in little order. Nothing but the bytes that hold the
/// rectangle is read.
typedef struct {
  /// The image's first byte.
  const uint8_t *image;
  /// Bytes from one row of bytes to the next.
  size_t stride;
  /// The rectangle, in pixels; height and width are at least 1.
  size_t row, column, height, width;
  bool is_little;
} image_kernels_bits;

/// Writes 0 or `one` per pixel to `height * width` bytes.
void image_kernels_unpack_rows(const image_kernels_bits *bits, uint8_t one, uint8_t *to);
void image_kernels_unpack_columns(const image_kernels_bits *bits, uint8_t one, uint8_t *to);

/// Writes 0 or 1 per pixel to `height * width` floats.
void image_kernels_unpack_rows_to_float(const image_kernels_bits *bits, float *to);
void image_kernels_unpack_columns_to_float(const image_kernels_bits *bits, float *to);

/// Writes the rectangle packed again along the same axis and in the same order, padding zero:
/// `(height + 7) / 8 * width` bytes, or `height * ((width + 7) / 8)`.
void image_kernels_crop_rows(const image_kernels_bits *bits, uint8_t *to);
void image_kernels_crop_columns(const image_kernels_bits *bits, uint8_t *to);

/// How many pixels are 1.
size_t image_kernels_count_rows(const image_kernels_bits *bits);
size_t image_kernels_count_columns(const image_kernels_bits *bits);

/// Packs `height * width` bytes that are 0 or 1, padding zero.
void image_kernels_pack_rows(const uint8_t *pixels, size_t height, size_t width, bool is_little,
                             uint8_t *to);
void image_kernels_pack_columns(const uint8_t *pixels, size_t height, size_t width, bool is_little,
                                uint8_t *to);
