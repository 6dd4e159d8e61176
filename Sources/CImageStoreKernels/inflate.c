#include "inflate.h"

#include <string.h>

#include "inflate_tables.h"

#define INLINE static inline __attribute__((always_inline))

enum {
  LONGEST_MATCH = 258,
  // Copies may write up to a word past the end of a match; five literals may precede it.
  OUTPUT_MARGIN = LONGEST_MATCH + 8 + 5,
  INPUT_MARGIN = 16,
};

// The next bits of the input, first bit lowest. Past the end of the input they are zeros, which are
// counted, so that using one is found out at the end of each block.
typedef struct {
  const uint8_t *next;
  const uint8_t *end;
  uint64_t bits;
  unsigned count;
  unsigned missing;
} Input;

INLINE uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

INLINE void copy8(uint8_t *to, const uint8_t *from) {
  uint64_t v;
  memcpy(&v, from, 8);
  memcpy(to, &v, 8);
}

// At least 56 bits afterwards. There must be 8 bytes of input.
INLINE void refill_fast(Input *in) {
  in->bits |= load64(in->next) << in->count;
  in->next += (63 - in->count) >> 3;
  in->count |= 56;
}

INLINE void refill(Input *in) {
  if (in->end - in->next >= 8) {
    refill_fast(in);
    return;
  }
  // Of the bits above count some may be there already, and are the same.
  in->bits &= ((uint64_t)1 << in->count) - 1;
  while (in->count < 56) {
    if (in->next < in->end) in->bits |= (uint64_t)*in->next++ << in->count;
    else in->missing++;
    in->count += 8;
  }
}

INLINE unsigned take(Input *in, unsigned count) {
  unsigned value = (unsigned)(in->bits & (((uint64_t)1 << count) - 1));
  in->bits >>= count;
  in->count -= count;
  return value;
}

// The two masks take the same; processors whose shifts look at six bits need none for the first.
INLINE void skip(Input *in, uint32_t entry) {
  in->bits >>= entry & 63;
  in->count -= entry & 255;
}

// The value of an entry and the extra bits after its code.
INLINE uint32_t value_of(uint32_t entry, uint64_t bits) {
  return (entry >> 16) + (uint32_t)((bits & (((uint64_t)1 << (entry & 63)) - 1)) >> (entry >> 8 & 15));
}

INLINE bool has_used_missing(const Input *in) { return in->missing * 8 > in->count; }

INLINE uint32_t first_entry(const Input *in, const uint32_t *table, unsigned bits) {
  return table[in->bits & ((1u << bits) - 1)];
}

// Follows the link to a second table.
INLINE uint32_t second_entry(Input *in, const uint32_t *table, uint32_t entry) {
  skip(in, entry);
  return table[(entry >> 16) + (in->bits & ((1u << (entry >> 8 & 15)) - 1))];
}

INLINE uint32_t look_up(Input *in, const uint32_t *table, unsigned bits) {
  uint32_t entry = first_entry(in, table, bits);
  if (__builtin_expect(entry & ENTRY_LINK, 0)) entry = second_entry(in, table, entry);
  return entry;
}

// Copies a match with room to write past its end.
INLINE void copy_match(uint8_t *out, uint32_t distance, uint32_t length) {
  const uint8_t *from = out - distance;
  uint8_t *end = out + length;
  if (distance >= 8) {
    do {
      copy8(out, from);
      out += 8;
      from += 8;
    } while (out < end);
  } else if (distance == 1) {
    memset(out, *from, length);
  } else {
    do {
      *out++ = *from++;
    } while (out < end);
  }
}

// Decodes the symbols of a block.
INLINE image_kernels_inflate_status inflate_symbols(Input *input, const uint8_t *start, uint8_t **next,
                                                    uint8_t *end, const inflate_tables *tables) {
  Input in = *input;
  uint8_t *out = *next;
  image_kernels_inflate_status status = IMAGE_KERNELS_INFLATE_OK;
  uint32_t entry;
  while (in.end - in.next >= INPUT_MARGIN && end - out >= OUTPUT_MARGIN) {
    refill_fast(&in);
    entry = first_entry(&in, tables->literals, LITERAL_TABLE_BITS);
    // Four literals of the first table and a code of the second fit in 56 bits.
    for (unsigned literals = 0; literals < 4 && entry & ENTRY_LITERAL; literals++) {
      skip(&in, entry);
      *out++ = (uint8_t)(entry >> 16);
      entry = first_entry(&in, tables->literals, LITERAL_TABLE_BITS);
    }
    if (entry & ENTRY_LITERAL) continue;
    if (__builtin_expect(entry & ENTRY_LINK, 0)) {
      entry = second_entry(&in, tables->literals, entry);
      if (entry & ENTRY_LITERAL) {
        skip(&in, entry);
        *out++ = (uint8_t)(entry >> 16);
        continue;
      }
    }
    if (__builtin_expect(entry & ENTRY_SPECIAL, 0)) goto special;
    // A length, a distance and their extra bits take up to 48 bits.
    refill_fast(&in);
    uint32_t length = value_of(entry, in.bits);
    skip(&in, entry);
    entry = look_up(&in, tables->distances, DISTANCE_TABLE_BITS);
    if (__builtin_expect(entry & ENTRY_SPECIAL, 0)) goto invalid;
    uint32_t distance = value_of(entry, in.bits);
    skip(&in, entry);
    if (__builtin_expect(distance > (size_t)(out - start), 0)) goto invalid;
    copy_match(out, distance, length);
    out += length;
  }
  // Near an end, each step is checked.
  while (true) {
    refill(&in);
    entry = look_up(&in, tables->literals, LITERAL_TABLE_BITS);
    if (entry & ENTRY_LITERAL) {
      skip(&in, entry);
      if (has_used_missing(&in)) goto cut;
      if (out == end) goto full;
      *out++ = (uint8_t)(entry >> 16);
      continue;
    }
    if (entry & ENTRY_SPECIAL) goto special;
    uint32_t length = value_of(entry, in.bits);
    skip(&in, entry);
    entry = look_up(&in, tables->distances, DISTANCE_TABLE_BITS);
    if (entry & ENTRY_SPECIAL) goto invalid;
    uint32_t distance = value_of(entry, in.bits);
    skip(&in, entry);
    if (has_used_missing(&in)) goto cut;
    if (distance > (size_t)(out - start)) goto invalid;
    if (length > (size_t)(end - out)) goto full;
    for (const uint8_t *from = out - distance; length > 0; length--) *out++ = *from++;
  }
special:
  if (entry & ENTRY_END) {
    skip(&in, entry);
    if (has_used_missing(&in)) goto cut;
    goto done;
  }
invalid:
  status = has_used_missing(&in) ? IMAGE_KERNELS_INFLATE_CUT : IMAGE_KERNELS_INFLATE_INVALID;
  goto done;
cut:
  status = IMAGE_KERNELS_INFLATE_CUT;
  goto done;
full:
  status = IMAGE_KERNELS_INFLATE_FULL;
done:
  *input = in;
  *next = out;
  return status;
}

static image_kernels_inflate_status copy_stored(Input *in, uint8_t **next, uint8_t *end) {
  // Whole bytes that were taken ahead go back.
  take(in, in->count & 7);
  unsigned ahead = in->count / 8;
  if (in->missing > ahead) return IMAGE_KERNELS_INFLATE_CUT;
  in->next -= ahead - in->missing;
  in->bits = in->count = in->missing = 0;
  if (in->end - in->next < 4) return IMAGE_KERNELS_INFLATE_CUT;
  unsigned count = in->next[0] | (unsigned)in->next[1] << 8;
  unsigned check = in->next[2] | (unsigned)in->next[3] << 8;
  in->next += 4;
  if ((count ^ check) != 0xFFFF) return IMAGE_KERNELS_INFLATE_INVALID;
  if (in->end - in->next < (ptrdiff_t)count) return IMAGE_KERNELS_INFLATE_CUT;
  if (end - *next < (ptrdiff_t)count) return IMAGE_KERNELS_INFLATE_FULL;
  if (count > 0) memcpy(*next, in->next, count);
  *next += count;
  in->next += count;
  return IMAGE_KERNELS_INFLATE_OK;
}

static bool make_fixed_tables(inflate_tables *tables) {
  for (unsigned s = 0; s < 288; s++)
    tables->lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
  if (!inflate_make_table(tables->literals, TABLE_LITERALS, tables->lengths, 288)) return false;
  memset(tables->lengths, 5, 32);
  return inflate_make_table(tables->distances, TABLE_DISTANCES, tables->lengths, 32);
}

// Reads the code lengths of a block (RFC 1951, 3.2.7) and makes its tables.
static image_kernels_inflate_status read_tables(Input *in, inflate_tables *tables) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  refill(in);
  unsigned literals = take(in, 5) + 257, distances = take(in, 5) + 1, given = take(in, 4) + 4;
  uint8_t headerLengths[19] = {0};
  for (unsigned i = 0; i < given; i++) {
    refill(in);
    headerLengths[order[i]] = (uint8_t)take(in, 3);
  }
  if (has_used_missing(in)) return IMAGE_KERNELS_INFLATE_CUT;
  if (literals > 286 || distances > 30) return IMAGE_KERNELS_INFLATE_INVALID;
  if (!inflate_make_table(tables->header, TABLE_HEADER, headerLengths, 19))
    return IMAGE_KERNELS_INFLATE_INVALID;
  unsigned total = literals + distances;
  for (unsigned i = 0; i < total;) {
    refill(in);
    uint32_t entry = tables->header[in->bits & (HEADER_TABLE_SIZE - 1)];
    skip(in, entry);
    unsigned symbol = entry >> 16, repeats = 1;
    uint8_t length = (uint8_t)symbol;
    if (symbol == 16) {
      if (i == 0) return IMAGE_KERNELS_INFLATE_INVALID;
      length = tables->lengths[i - 1];
      repeats = 3 + take(in, 2);
    } else if (symbol > 16) {
      length = 0;
      repeats = symbol == 17 ? 3 + take(in, 3) : 11 + take(in, 7);
    }
    if (has_used_missing(in)) return IMAGE_KERNELS_INFLATE_CUT;
    if (repeats > total - i) return IMAGE_KERNELS_INFLATE_INVALID;
    for (; repeats > 0; repeats--) tables->lengths[i++] = length;
  }
  bool isGood = tables->lengths[256] > 0
      && inflate_make_table(tables->literals, TABLE_LITERALS, tables->lengths, literals)
      && inflate_make_table(tables->distances, TABLE_DISTANCES, tables->lengths + literals, distances);
  return isGood ? IMAGE_KERNELS_INFLATE_OK : IMAGE_KERNELS_INFLATE_INVALID;
}

typedef image_kernels_inflate_status (*SymbolsFunction)(Input *, const uint8_t *, uint8_t **, uint8_t *,
                                                        const inflate_tables *);

static image_kernels_inflate_status symbols_portable(Input *in, const uint8_t *start, uint8_t **next,
                                                     uint8_t *end, const inflate_tables *tables) {
  return inflate_symbols(in, start, next, end, tables);
}

#if defined(__x86_64__)
// Shifts by a variable count that leave the flags alone.
__attribute__((target("bmi,bmi2"))) static image_kernels_inflate_status symbols_bmi2(
    Input *in, const uint8_t *start, uint8_t **next, uint8_t *end, const inflate_tables *tables) {
  return inflate_symbols(in, start, next, end, tables);
}
#endif

static SymbolsFunction symbols_function(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("bmi2")) return symbols_bmi2;
#endif
  return symbols_portable;
}

size_t image_kernels_inflate_workspace(void) { return sizeof(inflate_tables); }

image_kernels_inflate_status image_kernels_inflate(const uint8_t *input, size_t count, uint8_t *output,
                                                   size_t room, size_t *read, size_t *written,
                                                   void *workspace) {
  inflate_tables *tables = workspace;
  SymbolsFunction symbols = symbols_function();
  Input in = {input, input + count, 0, 0, 0};
  uint8_t *out = output;
  image_kernels_inflate_status status = IMAGE_KERNELS_INFLATE_OK;
  bool isLast = false;
  while (!isLast && status == IMAGE_KERNELS_INFLATE_OK) {
    refill(&in);
    isLast = take(&in, 1);
    unsigned type = take(&in, 2);
    if (has_used_missing(&in)) {
      status = IMAGE_KERNELS_INFLATE_CUT;
      break;
    }
    switch (type) {
    case 0: status = copy_stored(&in, &out, output + room); break;
    case 1:
      if (!make_fixed_tables(tables)) status = IMAGE_KERNELS_INFLATE_INVALID;
      else status = symbols(&in, output, &out, output + room, tables);
      break;
    case 2:
      status = read_tables(&in, tables);
      if (status == IMAGE_KERNELS_INFLATE_OK)
        status = symbols(&in, output, &out, output + room, tables);
      break;
    default: status = IMAGE_KERNELS_INFLATE_INVALID;
    }
  }
  // Bytes taken ahead were not read.
  unsigned ahead = in.count / 8;
  *read = (size_t)(in.next - input) - (ahead > in.missing ? ahead - in.missing : 0);
  *written = (size_t)(out - output);
  return status;
}
