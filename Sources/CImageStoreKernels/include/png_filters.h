#pragma once
#include <stddef.h>
#include <stdint.h>

// The filters of PNG (ISO/IEC 15948, clause 9). Filtered rows are one filter byte and `rowBytes`
// bytes each, one after another; `pixelBytes` is the filters' distance: 1, 2, 3, 4, 6 or 8.

enum {
  IMAGE_KERNELS_PNG_NONE = 0,
  IMAGE_KERNELS_PNG_SUB = 1,
  IMAGE_KERNELS_PNG_UP = 2,
  IMAGE_KERNELS_PNG_AVERAGE = 3,
  IMAGE_KERNELS_PNG_PAETH = 4,
};

// Undoes the filters of `rows` rows. Row `r` goes to `pixels + r * stride`, which may be where its
// filtered bytes are (`filtered + 1` with a stride of `rowBytes + 1`).
// Returns `rows`, or the first row whose filter byte is none of the five.
size_t image_kernels_png_unfilter(const uint8_t *filtered, uint8_t *pixels, size_t stride,
                                  size_t rowBytes, size_t rows, size_t pixelBytes);

// Filters `rows` rows that are one after another, all with the filter `type`. `filtered` has room
// for `rows * (rowBytes + 1)` bytes and does not overlap `pixels`.
void image_kernels_png_filter(int type, const uint8_t *pixels, uint8_t *filtered, size_t rowBytes,
                              size_t rows, size_t pixelBytes);
