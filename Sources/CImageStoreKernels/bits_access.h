// How packed bits are loaded.
//
// A crop is a few bytes of each of many rows, too far apart for the processor to look ahead by itself, and a
// mask's bytes are seldom in its caches: rows are announced before they are read.
#pragma once
#include "bits.h"
#include "vectors.h"

// How many rows of bytes ahead are announced, if a row is as good as one or two cache lines.
#define ROWS_AHEAD 12

// Announces `width` bytes from `p`.
INLINE void prefetch_bytes(const uint8_t *p, size_t width) {
  for (size_t x = 0; x < width; x += 64) __builtin_prefetch(p + x);
  __builtin_prefetch(p + width - 1);
}

// Announces the bytes of a rectangle packed along rows that hold its `i`-th row of bytes, if it has one.
INLINE void prefetch_row_of_rows(const image_kernels_bits *b, size_t i) {
  if (i <= (b->row + b->height - 1) / 8)
    prefetch_bytes(b->image + i * b->stride + b->column, b->width);
}

// Announces the bytes of a rectangle packed along columns that hold its row `y`, if it has one.
INLINE void prefetch_row_of_columns(const image_kernels_bits *b, size_t y) {
  if (y < b->height) {
    size_t first = b->column / 8;
    prefetch_bytes(b->image + (b->row + y) * b->stride + first, (b->column + b->width + 7) / 8 - first);
  }
}

// Eight bytes, so that shifting moves pixels the same way in either order of bytes: the first pixel is the
// lowest bit in little order, the highest in big order.
INLINE uint64_t load_bytes(const uint8_t *p, bool is_little) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return is_little ? v : __builtin_bswap64(v);
#else
  return is_little ? __builtin_bswap64(v) : v;
#endif
}

// 64 pixels from bit `shift` (0 to 7) of nine bytes.
INLINE uint64_t pixels_from(const uint8_t *p, size_t shift, bool is_little) {
  uint64_t v = load_bytes(p, is_little), next = p[8];
  return is_little ? v >> shift | next << 1 << (63 - shift) : v << shift | next >> (8 - shift);
}

// The last 64 pixels of the nine bytes before `end`, but for `spare` (0 to 7) at their end.
INLINE uint64_t pixels_until(const uint8_t *end, size_t spare, bool is_little) {
  uint64_t v = load_bytes(end - 8, is_little), previous = end[-9];
  return is_little ? v << spare | previous >> (8 - spare) : v >> spare | previous << 1 << (63 - spare);
}

// The pixels from bit `shift` of the bytes before `end`, at most nine, and zeros.
INLINE uint64_t pixels_between(const uint8_t *p, const uint8_t *end, size_t shift, bool is_little) {
  uint8_t bytes[16] = {};
  for (ptrdiff_t i = 0; i < end - p; i++) bytes[i] = p[i];
  return pixels_from(bytes, shift, is_little);
}
