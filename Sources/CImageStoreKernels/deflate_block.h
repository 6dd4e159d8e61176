#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// One block of deflate (RFC 1951), for encoders that differ in how they find matches.

enum {
  DEFLATE_LITERALS = 256,
  DEFLATE_END_OF_BLOCK = 256,
  DEFLATE_SYMBOLS = 286,
  DEFLATE_DISTANCES = 30,
  DEFLATE_SHORTEST_MATCH = 3,
  DEFLATE_LONGEST_MATCH = 258,
};

typedef struct {
  uint8_t *next;
  uint64_t bits;
  unsigned count;
} DeflateOutput;

// The counts and codes of a block's symbols.
typedef struct {
  uint32_t partial[4][DEFLATE_LITERALS];
  uint32_t counts[DEFLATE_SYMBOLS];
  uint32_t distanceCounts[DEFLATE_DISTANCES];
  // The code, first bit lowest, and above 16 bits its length: at most 12 for symbols, so that four
  // literals and what is left of a byte fit in 64 bits, and at most 15 for distances.
  uint32_t codes[DEFLATE_SYMBOLS + 2];
  uint32_t distanceCodes[DEFLATE_DISTANCES + 2];
  uint8_t lengths[DEFLATE_SYMBOLS + DEFLATE_DISTANCES];
  uint8_t headerSymbols[DEFLATE_SYMBOLS + DEFLATE_DISTANCES];
  uint8_t headerExtras[DEFLATE_SYMBOLS + DEFLATE_DISTANCES];
} DeflateBlock;

// Sets all counts to 0.
__attribute__((visibility("hidden"))) void deflate_clear_counts(DeflateBlock *block);

// Makes the best codes for what has been counted and writes the block's header. If the bytes
// themselves would take no more, writes them as a stored block and returns false: then nothing else
// is to be written. `count` is at most 65,535.
__attribute__((visibility("hidden"))) bool deflate_begin_block(DeflateBlock *block, DeflateOutput *output,
                                                               const uint8_t *input, size_t count,
                                                               bool isLast);

__attribute__((visibility("hidden"))) void deflate_put_stored(DeflateOutput *output, const uint8_t *input,
                                                              size_t count, bool isLast);

static inline void deflate_put(DeflateOutput *output, uint64_t bits, unsigned count) {
  output->bits |= bits << output->count;
  output->count += count;
}

static inline void deflate_put_code(DeflateOutput *output, uint32_t code) {
  deflate_put(output, code & 0xFFFF, code >> 16);
}

// Writes whole bytes and keeps fewer than 8 bits. Eight bytes are stored, of which those not yet
// filled are written again by the next call.
static inline void deflate_flush(DeflateOutput *output) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  uint64_t bits = __builtin_bswap64(output->bits);
#else
  uint64_t bits = output->bits;
#endif
  memcpy(output->next, &bits, 8);
  output->next += output->count >> 3;
  output->bits >>= output->count & ~7u;
  output->count &= 7;
}

// Writes what is left of a byte and returns where the stream ends.
static inline uint8_t *deflate_end(DeflateOutput *output) {
  output->count = (output->count + 7) & ~7u;
  deflate_flush(output);
  return output->next;
}

// The symbol of a match of a length of 3 to 258, and the bits that follow it (RFC 1951, 3.2.5).
static inline unsigned deflate_length_symbol(unsigned length, unsigned *extraBits, unsigned *extra) {
  unsigned offset = length - DEFLATE_SHORTEST_MATCH;
  if (length == DEFLATE_LONGEST_MATCH) {
    *extraBits = *extra = 0;
    return 285;
  }
  if (offset < 8) {
    *extraBits = *extra = 0;
    return 257 + offset;
  }
  // Four symbols for each power of two.
  unsigned bits = 29 - (unsigned)__builtin_clz(offset);
  *extraBits = bits;
  *extra = offset & ((1u << bits) - 1);
  return 257 + 4 * bits + (offset >> bits);
}

// The symbol of a distance of 1 to 32,768, and the bits that follow it (RFC 1951, 3.2.5).
static inline unsigned deflate_distance_symbol(unsigned distance, unsigned *extraBits, unsigned *extra) {
  unsigned offset = distance - 1;
  if (offset < 2) {
    *extraBits = *extra = 0;
    return offset;
  }
  // Two symbols for each power of two.
  unsigned bits = 30 - (unsigned)__builtin_clz(offset);
  *extraBits = bits;
  *extra = offset & ((1u << bits) - 1);
  return 2 * bits + (offset >> bits);
}

// Counts bytes in four tables, so that equal ones in a row do not wait for each other.
static inline void deflate_count_literals(DeflateBlock *block, const uint8_t *p, size_t count) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (unsigned k = 0; k < 4; k++) block->partial[k][p[i + k]]++;
  for (; i < count; i++) block->partial[0][p[i]]++;
}

static inline void deflate_put_literals(DeflateOutput *output, const uint32_t *codes, const uint8_t *p,
                                        size_t count) {
  DeflateOutput o = *output;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (unsigned k = 0; k < 4; k++) deflate_put_code(&o, codes[p[i + k]]);
    deflate_flush(&o);
  }
  for (; i < count; i++) {
    deflate_put_code(&o, codes[p[i]]);
    deflate_flush(&o);
  }
  *output = o;
}
