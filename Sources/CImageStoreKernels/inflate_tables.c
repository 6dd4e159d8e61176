#include "inflate_tables.h"

#include <string.h>

enum { LONGEST = 15, MOST_SYMBOLS = 288 };

static const uint16_t lengthBase[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                        31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t lengthExtra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

// An entry that no stream may reach.
static const uint32_t invalid = ENTRY_SPECIAL;

static inline uint32_t make_entry(inflate_table_kind kind, unsigned symbol, unsigned length) {
  uint32_t bits = length << 8;
  switch (kind) {
  case TABLE_HEADER: return symbol << 16 | bits | length;
  case TABLE_DISTANCES: {
    if (symbol >= 30) return invalid;
    unsigned extra = symbol < 2 ? 0 : symbol / 2 - 1;
    uint32_t base = symbol < 2 ? symbol + 1 : ((2u + (symbol & 1)) << extra) + 1;
    return base << 16 | bits | (length + extra);
  }
  default:
    if (symbol < 256) return symbol << 16 | ENTRY_LITERAL | bits | length;
    if (symbol == 256) return ENTRY_SPECIAL | ENTRY_END | bits | length;
    if (symbol >= 286) return invalid;
    return (uint32_t)lengthBase[symbol - 257] << 16 | bits | (length + lengthExtra[symbol - 257]);
  }
}

bool inflate_make_table(uint32_t *table, inflate_table_kind kind, const uint8_t *lengths,
                        unsigned symbols) {
  unsigned tableBits = kind == TABLE_LITERALS    ? LITERAL_TABLE_BITS
                       : kind == TABLE_DISTANCES ? DISTANCE_TABLE_BITS
                                                 : HEADER_TABLE_BITS;
  unsigned size = kind == TABLE_LITERALS    ? LITERAL_TABLE_SIZE
                  : kind == TABLE_DISTANCES ? DISTANCE_TABLE_SIZE
                                            : HEADER_TABLE_SIZE;
  uint16_t perLength[LONGEST + 1] = {0}, starts[LONGEST + 2], sorted[MOST_SYMBOLS];
  for (unsigned s = 0; s < symbols; s++) perLength[lengths[s]]++;
  perLength[0] = 0;
  unsigned used = 0, space = 0;
  starts[1] = 0;
  for (unsigned length = 1; length <= LONGEST; length++) {
    space += (unsigned)perLength[length] << (LONGEST - length);
    used += perLength[length];
    starts[length + 1] = (uint16_t)used;
  }
  if (space > 1u << LONGEST) return false;
  if (space < 1u << LONGEST) {
    bool isAlone = used == 1 && perLength[1] == 1 && kind != TABLE_HEADER;
    if (!isAlone && !(used == 0 && kind == TABLE_DISTANCES)) return false;
    for (unsigned i = 0; i < 1u << tableBits; i++) table[i] = invalid;
    for (unsigned s = 0; s < symbols; s++) {
      if (lengths[s] == 0) continue;
      for (unsigned i = 0; i < 1u << tableBits; i += 2) table[i] = make_entry(kind, s, 1);
    }
    return true;
  }
  for (unsigned s = 0; s < symbols; s++)
    if (lengths[s] > 0) sorted[starts[lengths[s]]++] = (uint16_t)s;

  // Codes come in the order of their lengths. Each stands once for its own length; doubling the table
  // from length to length repeats it for whatever bits follow.
  unsigned code = 0, next = 0, length = 1;
  for (; length <= tableBits; length++) {
    if (length > 1) memcpy(table + (1u << (length - 1)), table, sizeof(*table) << (length - 1));
    for (unsigned left = perLength[length]; left > 0; left--) {
      table[code] = make_entry(kind, sorted[next++], length);
      // Adds one to a number whose highest bit is the lowest: after the last code all bits are set.
      unsigned free = code ^ ((1u << length) - 1);
      if (free == 0) {
        for (; length < tableBits; length++)
          memcpy(table + (1u << length), table, sizeof(*table) << length);
        return true;
      }
      unsigned bit = 1u << (31 - __builtin_clz(free));
      code = (code & (bit - 1)) | bit;
    }
  }
  unsigned end = 1u << tableBits, start = 0, secondBits = 0, prefix = ~0u;
  for (; length <= LONGEST; length++) {
    for (unsigned left = perLength[length]; left > 0; left--) {
      if ((code & ((1u << tableBits) - 1)) != prefix) {
        prefix = code & ((1u << tableBits) - 1);
        // As many bits as the codes need that begin with the prefix.
        secondBits = length - tableBits;
        for (unsigned codes = left; codes < 1u << secondBits;) {
          secondBits++;
          codes = 2 * codes + perLength[tableBits + secondBits];
        }
        start = end;
        end += 1u << secondBits;
        if (end > size) return false;
        table[prefix] = start << 16 | ENTRY_SPECIAL | ENTRY_LINK | secondBits << 8 | tableBits;
      }
      uint32_t entry = make_entry(kind, sorted[next++], length - tableBits);
      for (unsigned i = code >> tableBits; i < 1u << secondBits; i += 1u << (length - tableBits))
        table[start + i] = entry;
      unsigned free = code ^ ((1u << length) - 1);
      if (free == 0) return true;
      unsigned bit = 1u << (31 - __builtin_clz(free));
      code = (code & (bit - 1)) | bit;
    }
  }
  return true;
}
