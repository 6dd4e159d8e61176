// Unpacking bits to bytes and floats. Every loop over a row works on whole vectors and ends with one
// that overlaps the one before it, so that no width needs a slow tail.
#include "bits.h"
#include "bits_access.h"
#include "vectors.h"

#define SELECT_AT(type, x)                                                                       \
  *(type *)(to + (x)) = (type)((*(const type *)(from + (x)) & mask) != 0) & one

#define SELECT(type)                                                                             \
  if (width >= sizeof(type)) {                                                                   \
    size_t x = 0;                                                                                \
    _Pragma("clang loop unroll_count(4)") for (; x + sizeof(type) <= width; x += sizeof(type))   \
      SELECT_AT(type, x);                                                                        \
    if (x < width) SELECT_AT(type, width - sizeof(type));                                        \
    return;                                                                                      \
  }

// Writes `one` if a byte has the bit of `mask`, else 0.
INLINE void select_bit(const uint8_t *from, uint8_t mask, uint8_t one, size_t width, uint8_t *to) {
  SELECT(bytes32)
  SELECT(bytes16)
  SELECT(bytes8)
  for (size_t x = 0; x < width; x++) to[x] = from[x] & mask ? one : 0;
}

// `width` pixels from column `x` of row `y` of the rectangle.
INLINE void unpack_row_of_rows(const image_kernels_bits *b, bool is_little, size_t y, size_t x,
                               size_t width, uint8_t one, uint8_t *to) {
  size_t row = b->row + y, bit = row & 7;
  // Eight rows of pixels are in the same bytes.
  if (x == 0) {
    if (y == 0) prefetch_row_of_rows(b, row >> 3);
    if (y == 0 || bit == 0) prefetch_row_of_rows(b, (row >> 3) + 1);
  }
  const uint8_t *from = b->image + (row >> 3) * b->stride + b->column + x;
  select_bit(from, (uint8_t)(is_little ? 1u << bit : 0x80u >> bit), one, width, to);
}

#define EIGHT(k) k, k, k, k, k, k, k, k
#define FOUR_TIMES(a, b, c, d) EIGHT(a), EIGHT(b), EIGHT(c), EIGHT(d)

// Writes the first or the second 32 of 64 pixels.
INLINE void expand32(uint64_t pixels, bool second, bool is_little, uint8_t one, uint8_t *to) {
  static const uint8_t masks[2][8] = {{128, 64, 32, 16, 8, 4, 2, 1}, {1, 2, 4, 8, 16, 32, 64, 128}};
  bytes8 m = *(const bytes8 *)masks[is_little];
  bytes32 mask = __builtin_shufflevector(m, m, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3,
                                         4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  typedef uint64_t words4 __attribute__((vector_size(32)));
  bytes32 v = (bytes32)((words4){} + pixels), spread;
  // The byte in memory that has the first pixels: the lowest in little order, the highest in big order.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  bool rises = is_little;
#else
  bool rises = !is_little;
#endif
  if (rises)
    spread = second ? __builtin_shufflevector(v, v, FOUR_TIMES(4, 5, 6, 7))
                    : __builtin_shufflevector(v, v, FOUR_TIMES(0, 1, 2, 3));
  else
    spread = second ? __builtin_shufflevector(v, v, FOUR_TIMES(3, 2, 1, 0))
                    : __builtin_shufflevector(v, v, FOUR_TIMES(7, 6, 5, 4));
  *(bytes32 *)to = (bytes32)((spread & mask) != 0) & one;
}

// Copies 1 to 64 bytes with two copies of a power of two each, which may overlap.
INLINE void copy_up_to_64(const uint8_t *from, size_t count, uint8_t *to) {
  for (size_t half = 32; half > 0; half /= 2)
    if (count >= half) {
      // Of a size that the compiler knows each is one load and one store.
      switch (half) {
      case 32: memcpy(to, from, 32), memcpy(to + count - 32, from + count - 32, 32); return;
      case 16: memcpy(to, from, 16), memcpy(to + count - 16, from + count - 16, 16); return;
      case 8: memcpy(to, from, 8), memcpy(to + count - 8, from + count - 8, 8); return;
      default: for (size_t i = 0; i < count; i++) to[i] = from[i]; return;
      }
    }
}

INLINE void unpack_row_of_columns(const image_kernels_bits *b, bool is_little, size_t y, size_t x,
                                  size_t width, uint8_t one, uint8_t *to) {
  const uint8_t *row = b->image + (b->row + y) * b->stride;
  size_t pixel = b->column + x, shift = pixel & 7;
  const uint8_t *from = row + (pixel >> 3), *end = row + (pixel + width + 7) / 8;
  if (x == 0) prefetch_row_of_columns(b, y + ROWS_AHEAD);
  if (width <= 64) {
    uint8_t pixels[64];
    uint64_t v = pixels_between(from, end, shift, is_little);
    expand32(v, false, is_little, one, pixels);
    expand32(v, true, is_little, one, pixels + 32);
    copy_up_to_64(pixels, width, to);
    return;
  }
  for (size_t done = 0; done + 64 < width; done += 64, from += 8) {
    uint64_t v = pixels_from(from, shift, is_little);
    expand32(v, false, is_little, one, to + done);
    expand32(v, true, is_little, one, to + done + 32);
  }
  uint64_t v = pixels_until(end, -(pixel + width) & 7, is_little);
  expand32(v, false, is_little, one, to + width - 64);
  expand32(v, true, is_little, one, to + width - 32);
}

#define UNPACK(axis)                                                                             \
  INLINE void unpack_##axis##_in_order(const image_kernels_bits *b, bool is_little, uint8_t one, \
                                       uint8_t *to) {                                            \
    for (size_t y = 0; y < b->height; y++, to += b->width)                                       \
      unpack_row_of_##axis(b, is_little, y, 0, b->width, one, to);                               \
  }                                                                                              \
  INLINE void unpack_##axis##_body(const image_kernels_bits *b, uint8_t one, uint8_t *to) {      \
    if (b->is_little)                                                                            \
      unpack_##axis##_in_order(b, true, one, to);                                                \
    else                                                                                         \
      unpack_##axis##_in_order(b, false, one, to);                                               \
  }                                                                                              \
  DISPATCH(void, unpack_##axis, (const image_kernels_bits *b, uint8_t one, uint8_t *to), (b, one, to))

UNPACK(rows)
UNPACK(columns)

INLINE void widen(const uint8_t *from, size_t count, float *to) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    *(floats8 *)(to + i) = __builtin_convertvector(*(const bytes8 *)(from + i), floats8);
  for (; i < count; i++) to[i] = from[i];
}

#define UNPACK_TO_FLOAT(axis)                                                                    \
  INLINE void unpack_##axis##_to_float_body(const image_kernels_bits *b, float *to) {            \
    uint8_t piece[1024];                                                                         \
    for (size_t y = 0; y < b->height; y++)                                                       \
      for (size_t x = 0; x < b->width; x += sizeof piece) {                                      \
        size_t width = b->width - x < sizeof piece ? b->width - x : sizeof piece;                \
        unpack_row_of_##axis(b, b->is_little, y, x, width, 1, piece);                            \
        widen(piece, width, to);                                                                 \
        to += width;                                                                             \
      }                                                                                          \
  }                                                                                              \
  DISPATCH(void, unpack_##axis##_to_float, (const image_kernels_bits *b, float *to), (b, to))

UNPACK_TO_FLOAT(rows)
UNPACK_TO_FLOAT(columns)
