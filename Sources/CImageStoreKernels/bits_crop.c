// Cropping and counting packed bits.
#include "bits.h"
#include "bits_access.h"
#include "vectors.h"

// The bits of pixels `first` to `end` (0 to 8) of a byte.
INLINE uint8_t bit_range(size_t first, size_t end, bool is_little) {
  return is_little ? (uint8_t)(0xFF << first) & (uint8_t)(0xFF >> (8 - end))
                   : (uint8_t)(0xFF >> first) & (uint8_t)(0xFF << (8 - end));
}

// Joins two rows of bytes into one that begins `shift` (1 to 7) pixels later.
#define JOIN(type)                                                                               \
  for (; x + sizeof(type) <= width; x += sizeof(type)) {                                         \
    type v = *(const type *)(from + x), w = *(const type *)(next + x);                           \
    *(type *)(to + x) = (is_little ? v >> shift | w << back : v << shift | w >> back) & mask;    \
  }

INLINE void join_rows(const uint8_t *from, const uint8_t *next, size_t width, uint8_t shift,
                      bool is_little, uint8_t mask, uint8_t *to) {
  uint8_t back = 8 - shift;
  size_t x = 0;
  JOIN(bytes32)
  JOIN(bytes8)
  for (; x < width; x++)
    to[x] = (uint8_t)(is_little ? from[x] >> shift | next[x] << back : from[x] << shift | next[x] >> back) &
            mask;
}

INLINE void crop_rows_body(const image_kernels_bits *b, uint8_t *to) {
  const uint8_t *from = b->image + (b->row >> 3) * b->stride + b->column;
  uint8_t shift = b->row & 7;
  size_t last = (b->row + b->height - 1) / 8 - b->row / 8;
  for (size_t i = 0; i < (b->height + 7) / 8; i++, from += b->stride, to += b->width) {
    size_t left = b->height - 8 * i;
    prefetch_row_of_rows(b, b->row / 8 + i + 2);
    uint8_t mask = bit_range(0, left < 8 ? left : 8, b->is_little);
    // After the last row that holds the rectangle comes none to join with: its own bits are masked.
    const uint8_t *next = i < last ? from + b->stride : from;
    if (shift > 0) {
      join_rows(from, next, b->width, shift, b->is_little, mask, to);
    } else {
      for (size_t x = 0; x < b->width; x++) to[x] = from[x] & mask;
    }
  }
}
DISPATCH(void, crop_rows, (const image_kernels_bits *b, uint8_t *to), (b, to))

// Writes eight bytes of pixels as `load_bytes` has them.
INLINE void store_bytes(uint64_t v, bool is_little, uint8_t *to) {
  v = load_bytes((const uint8_t *)&v, is_little);
  memcpy(to, &v, 8);
}

INLINE void crop_columns_in_order(const image_kernels_bits *b, bool is_little, uint8_t *to) {
  size_t shift = b->column & 7, bytes = (b->width + 7) / 8, first = b->column / 8;
  const uint8_t *from = b->image + b->row * b->stride + first;
  size_t length = (b->column + b->width + 7) / 8 - first;
  uint8_t mask = bit_range(0, b->width - 8 * (bytes - 1), is_little);
  for (size_t y = 0; y < b->height; y++, from += b->stride, to += bytes) {
    size_t x = 0;
    prefetch_row_of_columns(b, y + ROWS_AHEAD);
    for (; x + 9 <= length; x += 8) store_bytes(pixels_from(from + x, shift, is_little), is_little, to + x);
    if (x < bytes) {
      uint64_t v;
      store_bytes(pixels_between(from + x, from + length, shift, is_little), is_little, (uint8_t *)&v);
      const uint8_t *rest = (const uint8_t *)&v;
      for (; x < bytes; x++) to[x] = *rest++;
    }
    to[bytes - 1] &= mask;
  }
}

INLINE void crop_columns_body(const image_kernels_bits *b, uint8_t *to) {
  if (b->is_little)
    crop_columns_in_order(b, true, to);
  else
    crop_columns_in_order(b, false, to);
}
DISPATCH(void, crop_columns, (const image_kernels_bits *b, uint8_t *to), (b, to))

INLINE size_t count_masked(const uint8_t *p, size_t count, uint8_t mask) {
  uint64_t wide = mask * UINT64_C(0x0101010101010101), v;
  size_t ones = 0, i = 0;
  for (; i + 8 <= count; i += 8) {
    memcpy(&v, p + i, 8);
    ones += (size_t)__builtin_popcountll(v & wide);
  }
  v = 0;
  memcpy(&v, p + i, count - i);
  return ones + (size_t)__builtin_popcountll(v & wide);
}

INLINE size_t count_rows_body(const image_kernels_bits *b) {
  size_t ones = 0, end = b->row + b->height;
  for (size_t i = b->row / 8; i <= (end - 1) / 8; i++) {
    prefetch_row_of_rows(b, i + 1);
    size_t first = b->row > 8 * i ? b->row - 8 * i : 0, until = end - 8 * i < 8 ? end - 8 * i : 8;
    ones += count_masked(b->image + i * b->stride + b->column, b->width,
                         bit_range(first, until, b->is_little));
  }
  return ones;
}
DISPATCH(size_t, count_rows, (const image_kernels_bits *b), (b))

INLINE size_t count_columns_body(const image_kernels_bits *b) {
  size_t first = b->column / 8, end = b->column + b->width, last = (end - 1) / 8, ones = 0;
  uint8_t head = bit_range(b->column & 7, 8, b->is_little);
  uint8_t tail = bit_range(0, end - 8 * last, b->is_little);
  for (size_t y = 0; y < b->height; y++) {
    const uint8_t *row = b->image + (b->row + y) * b->stride;
    prefetch_row_of_columns(b, y + ROWS_AHEAD);
    if (first == last) {
      ones += (size_t)__builtin_popcount(row[first] & head & tail);
    } else {
      ones += (size_t)__builtin_popcount(row[first] & head) + (size_t)__builtin_popcount(row[last] & tail) +
              count_masked(row + first + 1, last - first - 1, 0xFF);
    }
  }
  return ones;
}
DISPATCH(size_t, count_columns, (const image_kernels_bits *b), (b))
