// Images turned by right angles and mirrored.
#include "turn.h"

#include <string.h>

/// Squares of pixels whose lines the caches hold while rows become columns.
enum { SIDE = 32 };

/// Copies a rectangle whose pixels are `across` and `down` bytes apart; inlined for each size of a pixel.
static inline __attribute__((always_inline)) void copy(const uint8_t *from, ptrdiff_t across, ptrdiff_t down, uint8_t *to, size_t stride,
                                                       size_t rows, size_t columns, size_t size) {
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *pixel = from + (ptrdiff_t)row * down;
    uint8_t *target = to + row * stride;
    for (size_t column = 0; column < columns; column++, pixel += across, target += size) memcpy(target, pixel, size);
  }
}

void image_kernels_turn(const uint8_t *from, size_t height, size_t width, size_t pixel_byte_count, unsigned orientation, uint8_t *to) {
  int swaps = orientation >= 5;
  // Whether stored rows, and columns, are read from their end.
  int rows_turn = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  int columns_turn = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  ptrdiff_t pixel = (ptrdiff_t)pixel_byte_count, line = (ptrdiff_t)(width * pixel_byte_count);
  const uint8_t *start = from + (rows_turn ? (ptrdiff_t)(height - 1) * line : 0) + (columns_turn ? (ptrdiff_t)(width - 1) * pixel : 0);
  ptrdiff_t row_step = rows_turn ? -line : line, column_step = columns_turn ? -pixel : pixel;
  size_t rows = swaps ? width : height, columns = swaps ? height : width;
  ptrdiff_t across = swaps ? row_step : column_step, down = swaps ? column_step : row_step;
  size_t stride = columns * pixel_byte_count;
  for (size_t row = 0; row < rows; row += SIDE) {
    size_t some_rows = rows - row < SIDE ? rows - row : SIDE;
    for (size_t column = 0; column < columns; column += SIDE) {
      size_t some_columns = columns - column < SIDE ? columns - column : SIDE;
      const uint8_t *corner = start + (ptrdiff_t)row * down + (ptrdiff_t)column * across;
      uint8_t *target = to + row * stride + column * pixel_byte_count;
      switch (pixel_byte_count) {
      case 1: copy(corner, across, down, target, stride, some_rows, some_columns, 1); break;
      case 3: copy(corner, across, down, target, stride, some_rows, some_columns, 3); break;
      default: copy(corner, across, down, target, stride, some_rows, some_columns, pixel_byte_count);
      }
    }
  }
}
