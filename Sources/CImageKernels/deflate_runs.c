#include "deflate_runs.h"

#include "huffman.h"

#include <stdbool.h>
#include <string.h>

enum {
  LITERALS = 256,
  END_OF_BLOCK = 256,
  SYMBOLS = 286,
  // Four literals of 12 bits and what is left of a byte fit in 64 bits. Longer codes would save
  // next to nothing in blocks of 64 KiB.
  LONGEST_CODE = 12,
  LONGEST_LENGTH_CODE = 7,
  LENGTH_SYMBOLS = 19,
  SHORTEST_MATCH = 3,
  LONGEST_MATCH = 258,
  SHORTEST_RUN = 8,
};

typedef struct {
  uint32_t start;
  uint32_t length;
} Run;

typedef struct {
  uint32_t partial[4][LITERALS];
  uint32_t counts[SYMBOLS];
  uint8_t lengths[SYMBOLS + 2];
  // The code, first bit lowest, and above 16 bits its length.
  uint32_t codes[SYMBOLS];
  uint8_t headerSymbols[SYMBOLS + 2];
  uint8_t headerExtras[SYMBOLS + 2];
  Run runs[IMAGE_KERNELS_DEFLATE_BLOCK / SHORTEST_RUN + 1];
} Workspace;

typedef struct {
  uint8_t *next;
  uint64_t bits;
  unsigned count;
} Output;

size_t image_kernels_deflate_runs_workspace(void) { return sizeof(Workspace); }

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static inline void put(Output *output, uint64_t bits, unsigned count) {
  output->bits |= bits << output->count;
  output->count += count;
}

// Writes whole bytes and keeps fewer than 8 bits. Eight bytes are stored, of which those not yet
// filled are written again by the next call.
static inline void flush(Output *output) {
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

// The symbol of a match of a length of 3 to 258, and the bits that follow it (RFC 1951, 3.2.5).
static inline unsigned length_symbol(unsigned length, unsigned *extraBits, unsigned *extra) {
  unsigned offset = length - SHORTEST_MATCH;
  if (length == LONGEST_MATCH) {
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

// Finds the runs of a block and counts all symbols. A run is a match of distance 1, so it begins at
// the second of the equal bytes at the earliest.
static size_t scan(Workspace *w, const uint8_t *block, size_t count, bool hasByteBefore) {
  memset(w->partial, 0, sizeof w->partial);
  memset(w->counts, 0, sizeof w->counts);
  size_t runs = 0, i = 0;
  if (!hasByteBefore && count > 0) w->partial[0][block[i++]]++;
  while (i + SHORTEST_RUN <= count) {
    if (load64(block + i) != load64(block + i - 1)) {
      for (unsigned k = 0; k < 8; k++) w->partial[k & 3][block[i + k]]++;
      i += 8;
      continue;
    }
    size_t end = i + 8;
    while (end + 8 <= count && load64(block + end) == load64(block + end - 1)) end += 8;
    while (end < count && block[end] == block[end - 1]) end++;
    // What is left of a division into longest matches may be too short for one.
    size_t rest = (end - i) % LONGEST_MATCH;
    if (rest < SHORTEST_MATCH) end -= rest, rest = 0;
    w->counts[285] += (uint32_t)((end - i) / LONGEST_MATCH);
    if (rest) {
      unsigned extraBits, extra;
      w->counts[length_symbol((unsigned)rest, &extraBits, &extra)]++;
    }
    w->runs[runs++] = (Run){(uint32_t)i, (uint32_t)(end - i)};
    i = end;
  }
  for (; i < count; i++) w->partial[0][block[i]]++;
  for (unsigned s = 0; s < LITERALS; s++)
    w->counts[s] = w->partial[0][s] + w->partial[1][s] + w->partial[2][s] + w->partial[3][s];
  w->counts[END_OF_BLOCK] = 1;
  return runs;
}

// Writes the lengths as RFC 1951, 3.2.7 has them: 16 repeats the one before 3 to 6 times, 17 and 18 are
// 3 to 10 and 11 to 138 zeros.
static size_t code_lengths(Workspace *w, const uint8_t *lengths, size_t n,
                           uint32_t counts[LENGTH_SYMBOLS]) {
  size_t made = 0;
  for (size_t i = 0; i < n;) {
    uint8_t value = lengths[i];
    size_t run = 1;
    while (i + run < n && lengths[i + run] == value) run++;
    i += run;
    while (run > 0) {
      size_t taken = 1;
      uint8_t symbol = value, extra = 0;
      if (value == 0 && run >= 3) {
        taken = run < 138 ? run : 138;
        symbol = taken < 11 ? 17 : 18;
        extra = (uint8_t)(taken - (taken < 11 ? 3 : 11));
      } else if (value != 0 && run >= 4) {
        // The first of the run stands for itself.
        w->headerSymbols[made] = value;
        w->headerExtras[made++] = 0;
        counts[value]++;
        run--;
        taken = run < 6 ? run : 6;
        symbol = 16;
        extra = (uint8_t)(taken - 3);
      }
      w->headerSymbols[made] = symbol;
      w->headerExtras[made++] = extra;
      counts[symbol]++;
      run -= taken;
    }
  }
  return made;
}

static const uint8_t lengthOrder[LENGTH_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                    11, 4,  12, 3, 13, 2, 14, 1, 15};

static unsigned header_extra_bits(unsigned symbol) {
  return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
}

static unsigned fixed_length(unsigned symbol) {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

static unsigned match_extra_bits(unsigned symbol) {
  return symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4;
}

static void put_literals(Output *output, const uint32_t *codes, const uint8_t *p, size_t count) {
  Output o = *output;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (unsigned k = 0; k < 4; k++) {
      uint32_t code = codes[p[i + k]];
      put(&o, code & 0xFFFF, code >> 16);
    }
    flush(&o);
  }
  for (; i < count; i++) {
    put(&o, codes[p[i]] & 0xFFFF, codes[p[i]] >> 16);
    flush(&o);
  }
  *output = o;
}

static void put_block(Workspace *w, Output *output, const uint8_t *block, size_t count,
                      size_t runs, unsigned distanceBits) {
  size_t done = 0;
  for (size_t r = 0; r < runs; r++) {
    put_literals(output, w->codes, block + done, w->runs[r].start - done);
    unsigned left = w->runs[r].length;
    while (left > 0) {
      unsigned extraBits, extra, length = left < LONGEST_MATCH ? left : LONGEST_MATCH;
      unsigned symbol = length_symbol(length, &extraBits, &extra);
      put(output, w->codes[symbol] & 0xFFFF, w->codes[symbol] >> 16);
      put(output, extra, extraBits);
      // Distance 1 is the first code, all zeros.
      put(output, 0, distanceBits);
      flush(output);
      left -= length;
    }
    done = w->runs[r].start + w->runs[r].length;
  }
  put_literals(output, w->codes, block + done, count - done);
  put(output, w->codes[END_OF_BLOCK] & 0xFFFF, w->codes[END_OF_BLOCK] >> 16);
  flush(output);
}

static void put_stored(Output *output, const uint8_t *block, size_t count, bool isLast) {
  put(output, isLast, 3);
  output->count = (output->count + 7) & ~7u;
  flush(output);
  put(output, count | (~(uint64_t)count & 0xFFFF) << 16, 32);
  flush(output);
  if (count > 0) memcpy(output->next, block, count);
  output->next += count;
}

static void deflate_block(Workspace *w, Output *output, const uint8_t *block, size_t count,
                          bool isFirst, bool isLast) {
  size_t runs = scan(w, block, count, !isFirst);
  huffman_lengths(w->counts, SYMBOLS, LONGEST_CODE, w->lengths);
  unsigned symbols = SYMBOLS;
  while (symbols > 257 && w->lengths[symbols - 1] == 0) symbols--;
  // Two distance codes of one bit each: a code of one alone is not read by every old decoder.
  w->lengths[symbols] = w->lengths[symbols + 1] = 1;
  uint32_t headerCounts[LENGTH_SYMBOLS] = {0};
  size_t headerCount = code_lengths(w, w->lengths, symbols + 2, headerCounts);
  uint8_t headerLengths[LENGTH_SYMBOLS];
  uint32_t headerCodes[LENGTH_SYMBOLS];
  huffman_lengths(headerCounts, LENGTH_SYMBOLS, LONGEST_LENGTH_CODE, headerLengths);
  unsigned given = LENGTH_SYMBOLS;
  while (given > 4 && headerLengths[lengthOrder[given - 1]] == 0) given--;

  size_t dynamicBits = 14 + 3 * given, fixedBits = 0;
  for (unsigned s = 0; s < LENGTH_SYMBOLS; s++)
    dynamicBits += headerCounts[s] * (headerLengths[s] + header_extra_bits(s));
  for (unsigned s = 0; s < SYMBOLS; s++) {
    size_t after = s > END_OF_BLOCK ? match_extra_bits(s) : 0;
    bool isMatch = s > END_OF_BLOCK;
    dynamicBits += w->counts[s] * (w->lengths[s < symbols ? s : 0] * (s < symbols) + after + isMatch);
    fixedBits += w->counts[s] * (fixed_length(s) + after + 5 * isMatch);
  }
  size_t best = dynamicBits < fixedBits ? dynamicBits : fixedBits;
  if (8 * count + 32 <= best) {
    put_stored(output, block, count, isLast);
  } else if (fixedBits <= dynamicBits) {
    // The two symbols past 285 complete the fixed code.
    uint8_t fixedLengths[288];
    uint32_t fixedCodes[288];
    for (unsigned s = 0; s < 288; s++) fixedLengths[s] = (uint8_t)fixed_length(s);
    huffman_codes(fixedLengths, 288, fixedCodes);
    memcpy(w->codes, fixedCodes, sizeof w->codes);
    put(output, isLast | 1 << 1, 3);
    flush(output);
    put_block(w, output, block, count, runs, 5);
  } else {
    huffman_codes(headerLengths, LENGTH_SYMBOLS, headerCodes);
    huffman_codes(w->lengths, symbols, w->codes);
    put(output, isLast | 2 << 1, 3);
    put(output, symbols - 257, 5);
    put(output, 1, 5);
    put(output, given - 4, 4);
    flush(output);
    for (unsigned i = 0; i < given; i++) {
      put(output, headerLengths[lengthOrder[i]], 3);
      flush(output);
    }
    for (size_t i = 0; i < headerCount; i++) {
      unsigned symbol = w->headerSymbols[i];
      put(output, headerCodes[symbol] & 0xFFFF, headerCodes[symbol] >> 16);
      put(output, w->headerExtras[i], header_extra_bits(symbol));
      flush(output);
    }
    put_block(w, output, block, count, runs, 1);
  }
}

size_t image_kernels_deflate_runs(const uint8_t *input, size_t count, uint8_t *output,
                                  void *workspace) {
  Output state = {output, 0, 0};
  size_t start = 0;
  do {
    size_t left = count - start;
    size_t taken = left < IMAGE_KERNELS_DEFLATE_BLOCK ? left : IMAGE_KERNELS_DEFLATE_BLOCK;
    deflate_block(workspace, &state, input + start, taken, start == 0, taken == left);
    start += taken;
  } while (start < count);
  state.count = (state.count + 7) & ~7u;
  flush(&state);
  return (size_t)(state.next - output);
}

size_t image_kernels_deflate_stored(const uint8_t *input, size_t count, uint8_t *output) {
  Output state = {output, 0, 0};
  size_t start = 0;
  do {
    size_t left = count - start;
    size_t taken = left < IMAGE_KERNELS_DEFLATE_BLOCK ? left : IMAGE_KERNELS_DEFLATE_BLOCK;
    put_stored(&state, input + start, taken, taken == left);
    start += taken;
  } while (start < count);
  return (size_t)(state.next - output);
}
