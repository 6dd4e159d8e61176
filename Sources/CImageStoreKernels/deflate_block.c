#include "deflate_block.h"

#include "huffman.h"

enum {
  LONGEST_CODE = 12,
  LONGEST_DISTANCE_CODE = 15,
  LONGEST_LENGTH_CODE = 7,
  LENGTH_SYMBOLS = 19,
  FIXED_SYMBOLS = 288,
};

void deflate_clear_counts(DeflateBlock *b) {
  memset(b->partial, 0, sizeof b->partial);
  memset(b->counts, 0, sizeof b->counts);
  memset(b->distanceCounts, 0, sizeof b->distanceCounts);
}

// Writes the lengths as RFC 1951, 3.2.7 has them: 16 repeats the one before 3 to 6 times, 17 and 18 are
// 3 to 10 and 11 to 138 zeros.
static size_t code_lengths(DeflateBlock *b, size_t n, uint32_t counts[LENGTH_SYMBOLS]) {
  const uint8_t *lengths = b->lengths;
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
        b->headerSymbols[made] = value;
        b->headerExtras[made++] = 0;
        counts[value]++;
        run--;
        taken = run < 6 ? run : 6;
        symbol = 16;
        extra = (uint8_t)(taken - 3);
      }
      b->headerSymbols[made] = symbol;
      b->headerExtras[made++] = extra;
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

static unsigned length_extra_bits(unsigned symbol) {
  return symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4;
}

static unsigned distance_extra_bits(unsigned symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

// The lengths of the distances' codes, two of them at least: a code of one alone is not read by every
// old decoder. Returns how many lengths the header gives.
static unsigned distance_lengths(const uint32_t *counts, uint8_t *lengths) {
  unsigned used = 0, last = 0;
  for (unsigned s = 0; s < DEFLATE_DISTANCES; s++)
    if (counts[s] > 0) used++, last = s;
  if (used < 2) {
    unsigned other = last == 0 ? 1 : 0;
    memset(lengths, 0, DEFLATE_DISTANCES);
    lengths[last] = lengths[other] = 1;
    return last > other ? last + 1 : other + 1;
  }
  huffman_lengths(counts, DEFLATE_DISTANCES, LONGEST_DISTANCE_CODE, lengths);
  return last + 1;
}

void deflate_put_stored(DeflateOutput *output, const uint8_t *input, size_t count, bool isLast) {
  deflate_put(output, isLast, 3);
  output->count = (output->count + 7) & ~7u;
  deflate_flush(output);
  deflate_put(output, count | (~(uint64_t)count & 0xFFFF) << 16, 32);
  deflate_flush(output);
  if (count > 0) memcpy(output->next, input, count);
  output->next += count;
}

static void make_fixed_codes(DeflateBlock *b) {
  // The two symbols past 285, and the two distances past 29, complete the fixed codes.
  uint8_t lengths[FIXED_SYMBOLS];
  for (unsigned s = 0; s < FIXED_SYMBOLS; s++) lengths[s] = (uint8_t)fixed_length(s);
  huffman_codes(lengths, FIXED_SYMBOLS, b->codes);
  memset(lengths, 5, DEFLATE_DISTANCES + 2);
  huffman_codes(lengths, DEFLATE_DISTANCES + 2, b->distanceCodes);
}

bool deflate_begin_block(DeflateBlock *b, DeflateOutput *output, const uint8_t *input, size_t count,
                         bool isLast) {
  for (unsigned s = 0; s < DEFLATE_LITERALS; s++)
    b->counts[s] = b->partial[0][s] + b->partial[1][s] + b->partial[2][s] + b->partial[3][s];
  b->counts[DEFLATE_END_OF_BLOCK] = 1;
  huffman_lengths(b->counts, DEFLATE_SYMBOLS, LONGEST_CODE, b->lengths);
  unsigned symbols = DEFLATE_SYMBOLS;
  while (symbols > 257 && b->lengths[symbols - 1] == 0) symbols--;
  uint8_t distanceLengths[DEFLATE_DISTANCES];
  unsigned distances = distance_lengths(b->distanceCounts, distanceLengths);

  size_t dynamicBits = 0, fixedBits = 0;
  for (unsigned s = 0; s < DEFLATE_SYMBOLS; s++) {
    unsigned extra = s > DEFLATE_END_OF_BLOCK ? length_extra_bits(s) : 0;
    dynamicBits += b->counts[s] * (b->lengths[s] + extra);
    fixedBits += b->counts[s] * (fixed_length(s) + extra);
  }
  for (unsigned s = 0; s < DEFLATE_DISTANCES; s++) {
    dynamicBits += b->distanceCounts[s] * (distanceLengths[s] + distance_extra_bits(s));
    fixedBits += b->distanceCounts[s] * (5 + distance_extra_bits(s));
  }

  memcpy(b->lengths + symbols, distanceLengths, distances);
  uint32_t headerCounts[LENGTH_SYMBOLS] = {0};
  size_t headerCount = code_lengths(b, symbols + distances, headerCounts);
  uint8_t headerLengths[LENGTH_SYMBOLS];
  huffman_lengths(headerCounts, LENGTH_SYMBOLS, LONGEST_LENGTH_CODE, headerLengths);
  unsigned given = LENGTH_SYMBOLS;
  while (given > 4 && headerLengths[lengthOrder[given - 1]] == 0) given--;
  dynamicBits += 14 + 3 * given;
  for (unsigned s = 0; s < LENGTH_SYMBOLS; s++)
    dynamicBits += headerCounts[s] * (headerLengths[s] + header_extra_bits(s));

  size_t best = dynamicBits < fixedBits ? dynamicBits : fixedBits;
  if (8 * count + 32 <= best) {
    deflate_put_stored(output, input, count, isLast);
    return false;
  }
  if (fixedBits <= dynamicBits) {
    make_fixed_codes(b);
    deflate_put(output, isLast | 1 << 1, 3);
    deflate_flush(output);
    return true;
  }
  uint32_t headerCodes[LENGTH_SYMBOLS];
  huffman_codes(headerLengths, LENGTH_SYMBOLS, headerCodes);
  huffman_codes(b->lengths, symbols, b->codes);
  huffman_codes(distanceLengths, distances, b->distanceCodes);
  deflate_put(output, isLast | 2 << 1, 3);
  deflate_put(output, symbols - 257, 5);
  deflate_put(output, distances - 1, 5);
  deflate_put(output, given - 4, 4);
  deflate_flush(output);
  for (unsigned i = 0; i < given; i++) {
    deflate_put(output, headerLengths[lengthOrder[i]], 3);
    deflate_flush(output);
  }
  for (size_t i = 0; i < headerCount; i++) {
    unsigned symbol = b->headerSymbols[i];
    deflate_put_code(output, headerCodes[symbol]);
    deflate_put(output, b->headerExtras[i], header_extra_bits(symbol));
    deflate_flush(output);
  }
  return true;
}
