// Unpacking, cropping and counting bits. Every loop over a row works on whole vectors and ends with one
// that overlaps the one before it, so that no width needs a slow tail.
#include "bits.h"
#include "vectors.h"

// The bits of pixels `first` to `end` (0 to 8) of a byte.
INLINE uint8_t bit_range(size_t first, size_t end, bool is_little) {
  return is_little ? (uint8_t)(0xFF << first) & (uint8_t)(0xFF >> (8 - end))
                   : (uint8_t)(0xFF >> first) & (uint8_t)(0xFF << (8 - end));
}

#define SELECT(type)                                                                             \
  if (width >= sizeof(type)) {                                                                   \
    for (size_t x = 0;;) {                                                                       \
      type v = *(const type *)(from + x);                                                        \
      *(type *)(to + x) = (type)((v & mask) != 0) & one;                                         \
      if (x + sizeof(type) == width) return;                                                     \
      x = x + 2 * sizeof(type) <= width ? x + sizeof(type) : width - sizeof(type);               \
    }                                                                                            \
  }

// Writes `one` where a byte has the bit of `mask`, else 0.
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
  const uint8_t *from = b->image + (row >> 3) * b->stride + b->column + x;
  select_bit(from, (uint8_t)(is_little ? 1u << bit : 0x80u >> bit), one, width, to);
}

// Eight bytes from `p`, or what there is of them before `end`; `begin` is the first that may be read.
// The byte at `p` is the most significant in big order and the least significant in little order.
INLINE uint64_t load_bits(const uint8_t *p, const uint8_t *begin, const uint8_t *end, bool is_little) {
  uint64_t v = 0;
  size_t missing = 0;
  if (end - p >= 8) {
    memcpy(&v, p, 8);
  } else if (end - begin >= 8) {
    missing = 8 - (size_t)(end - p);
    memcpy(&v, end - 8, 8);
  } else {
    memcpy(&v, p, (size_t)(end - p));
  }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (!is_little) v = __builtin_bswap64(v);
#else
  if (is_little) v = __builtin_bswap64(v);
#endif
  return is_little ? v >> 8 * missing : v << 8 * missing;
}

INLINE void expand32(uint32_t w, bool is_little, uint8_t one, uint8_t *to) {
  static const uint8_t masks[2][8] = {{128, 64, 32, 16, 8, 4, 2, 1}, {1, 2, 4, 8, 16, 32, 64, 128}};
  bytes8 m = *(const bytes8 *)masks[is_little];
  bytes4 v;
  memcpy(&v, &w, 4);
  bytes32 spread = __builtin_shufflevector(v, v, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                           2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  bytes32 mask = __builtin_shufflevector(m, m, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3,
                                         4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  *(bytes32 *)to = (bytes32)((spread & mask) != 0) & one;
}

// 32 pixels from `pixel` of a row of bytes.
INLINE uint32_t load32(const uint8_t *row, size_t pixel, const uint8_t *begin, const uint8_t *end,
                       bool is_little) {
  uint64_t v = load_bits(row + (pixel >> 3), begin, end, is_little);
  uint32_t w = is_little ? (uint32_t)(v >> (pixel & 7)) : (uint32_t)(v << (pixel & 7) >> 32);
  // Byte k of the word in memory is to hold pixels 8k to 8k+7.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return is_little ? w : __builtin_bswap32(w);
#else
  return is_little ? __builtin_bswap32(w) : w;
#endif
}

INLINE void unpack_row_of_columns(const image_kernels_bits *b, bool is_little, size_t y, size_t x,
                                  size_t width, uint8_t one, uint8_t *to) {
  const uint8_t *row = b->image + (b->row + y) * b->stride;
  const uint8_t *begin = row + b->column / 8, *end = row + (b->column + b->width + 7) / 8;
  size_t pixel = b->column + x, done = 0;
  if (width < 32) {
    uint8_t pixels[32];
    expand32(load32(row, pixel, begin, end, is_little), is_little, one, pixels);
    memcpy(to, pixels, width);
    return;
  }
  // Where eight bytes are left to read, nothing needs a second look.
  for (; done + 64 <= width; done += 32)
    expand32(load32(row, pixel + done, begin, row + ((pixel + done) >> 3) + 8, is_little), is_little, one,
             to + done);
  if (done + 32 < width)
    expand32(load32(row, pixel + done, begin, end, is_little), is_little, one, to + done);
  done = width - 32;
  expand32(load32(row, pixel + done, begin, end, is_little), is_little, one, to + done);
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

INLINE void crop_columns_body(const image_kernels_bits *b, uint8_t *to) {
  uint8_t shift = b->column & 7;
  size_t bytes = (b->width + 7) / 8, first = b->column / 8;
  size_t last = (b->column + b->width - 1) / 8 - first;
  uint8_t mask = bit_range(0, b->width - 8 * (bytes - 1), b->is_little);
  for (size_t y = 0; y < b->height; y++, to += bytes) {
    const uint8_t *from = b->image + (b->row + y) * b->stride + first;
    if (shift == 0) {
      memcpy(to, from, bytes);
    } else {
      join_rows(from, from + 1, bytes - 1, shift, b->is_little, 0xFF, to);
      join_rows(from + bytes - 1, from + last, 1, shift, b->is_little, 0xFF, to + bytes - 1);
    }
    to[bytes - 1] &= mask;
  }
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
