// Packing bytes that are 0 or 1 into bits.
#include "bits.h"
#include "vectors.h"

// Rows of a group of eight enter an accumulator one after another, the one for bit 7 first; rows past the
// image enter as zero.
#define ACCUMULATE(type)                                                                         \
  for (; x + sizeof(type) <= width; x += sizeof(type)) {                                         \
    type bits = {0};                                                                             \
    for (size_t k = 0; k < 8; k++) {                                                             \
      size_t row = is_little ? 7 - k : k;                                                        \
      bits += bits;                                                                              \
      if (row < rows) bits |= *(const type *)(pixels + row * width + x);                         \
    }                                                                                            \
    *(type *)(to + x) = bits;                                                                    \
  }

INLINE void pack_rows_body(const uint8_t *pixels, size_t height, size_t width, bool is_little,
                           uint8_t *to) {
  for (size_t y = 0; y < height; y += 8, pixels += 8 * width, to += width) {
    size_t rows = height - y < 8 ? height - y : 8, x = 0;
    ACCUMULATE(bytes32)
    ACCUMULATE(bytes8)
    for (; x < width; x++) {
      uint8_t bits = 0;
      for (size_t row = 0; row < rows; row++)
        bits |= (uint8_t)(pixels[row * width + x] << (is_little ? row : 7 - row));
      to[x] = bits;
    }
  }
}
DISPATCH(void, pack_rows,
         (const uint8_t *pixels, size_t height, size_t width, bool is_little, uint8_t *to),
         (pixels, height, width, is_little, to))

// A product gathers the eight low bits of a word in its top byte: the first byte's bit at the top, or at
// the bottom. No two partial products meet, so nothing is carried.
INLINE uint8_t pack8(const uint8_t *pixels, size_t count, bool is_little) {
  uint64_t v = 0;
  memcpy(&v, pixels, count);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return (uint8_t)(v * (is_little ? UINT64_C(0x0102040810204080) : UINT64_C(0x8040201008040201)) >> 56);
}

void image_kernels_pack_columns(const uint8_t *pixels, size_t height, size_t width, bool is_little,
                                uint8_t *to) {
  for (size_t y = 0; y < height; y++, pixels += width) {
    size_t x = 0;
    for (; x + 8 <= width; x += 8) *to++ = pack8(pixels + x, 8, is_little);
    if (x < width) *to++ = pack8(pixels + x, width - x, is_little);
  }
}
