#include "deflate_small.h"

#include "deflate_block.h"

enum {
  HASH_BITS = 12,
  FARTHEST = 32768,
  // Beyond this a match of three takes more bits than its literals, as a rule.
  FARTHEST_OF_SHORTEST = 4096,
};

typedef struct {
  uint16_t start;
  uint16_t length;
  uint16_t distance;
} Match;

typedef struct {
  DeflateBlock block;
  // Where the last three bytes of a hash were, and above 16 bits where they were before. What has
  // not been set says 0, which is as good a guess as any: bytes are compared before a match is made.
  uint32_t places[1 << HASH_BITS];
  Match matches[IMAGE_KERNELS_DEFLATE_SMALL_LIMIT / DEFLATE_SHORTEST_MATCH];
} Workspace;

size_t image_kernels_deflate_small_workspace(void) { return sizeof(Workspace); }

// Four bytes, the first lowest.
static inline uint32_t load32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap32(v);
#endif
  return v;
}

// Eight bytes, the first lowest.
static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

// Puts position `i`, where the bytes `here` are, in the table and returns the places before it.
static inline uint32_t insert(Workspace *w, uint32_t here, unsigned i) {
  uint32_t *entry = &w->places[((here << 8) * 0x9E3779B1u) >> (32 - HASH_BITS)];
  uint32_t before = *entry;
  *entry = before << 16 | i;
  return before;
}

// How many bytes are equal, at most `limit`; the first four are known to be.
static inline unsigned equal_bytes(const uint8_t *a, const uint8_t *b, unsigned limit) {
  unsigned n = 4;
  for (; n + 8 <= limit; n += 8) {
    uint64_t difference = load64(a + n) ^ load64(b + n);
    if (difference) return n + ((unsigned)__builtin_ctzll(difference) >> 3);
  }
  while (n < limit && a[n] == b[n]) n++;
  return n;
}

// The longer of the matches at two places, or the nearer if they are equally long; of length 0 if there is
// none. At least four bytes are left at `i`.
static inline Match find(const uint8_t *input, size_t count, unsigned i, uint32_t here, uint32_t places) {
  unsigned near = places & 0xFFFF, far = places >> 16;
  uint32_t nearDifference = load32(input + near) ^ here, farDifference = load32(input + far) ^ here;
  bool isNear = nearDifference << 8 == 0, isFar = farDifference << 8 == 0;
  Match match = {(uint16_t)i, 0, 0};
  if (!(isNear | isFar)) return match;
  size_t left = count - i;
  unsigned limit = left < DEFLATE_LONGEST_MATCH ? (unsigned)left : DEFLATE_LONGEST_MATCH;
  unsigned nearLength = 0, farLength = 0;
  if (isNear) nearLength = nearDifference ? 3 : equal_bytes(input + near, input + i, limit);
  if (isFar) farLength = farDifference ? 3 : equal_bytes(input + far, input + i, limit);
  unsigned length = farLength > nearLength ? farLength : nearLength;
  unsigned distance = i - (farLength > nearLength ? far : near);
  if (distance > (length == DEFLATE_SHORTEST_MATCH ? FARTHEST_OF_SHORTEST : FARTHEST)) return match;
  match.length = (uint16_t)length;
  match.distance = (uint16_t)distance;
  return match;
}

// Takes the first match there is, and the next after its end, and counts all symbols.
static size_t scan(Workspace *w, const uint8_t *input, size_t count) {
  DeflateBlock *b = &w->block;
  deflate_clear_counts(b);
  memset(w->places, 0, sizeof w->places);
  size_t matches = 0;
  unsigned i = 0, done = 0;
  // Four bytes are loaded at a time.
  unsigned end = count < 4 ? 0 : (unsigned)count - 3;
  if (end > 0) insert(w, load32(input), i++);
  while (i < end) {
    uint32_t here = load32(input + i);
    Match match = find(input, count, i, here, insert(w, here, i));
    if (match.length == 0) {
      i++;
      continue;
    }
    deflate_count_literals(b, input + done, i - done);
    unsigned extraBits, extra;
    b->counts[deflate_length_symbol(match.length, &extraBits, &extra)]++;
    b->distanceCounts[deflate_distance_symbol(match.distance, &extraBits, &extra)]++;
    w->matches[matches++] = match;
    done = i + match.length;
    unsigned last = done < end ? done : end;
    for (i++; i < last; i++) insert(w, load32(input + i), i);
    i = done;
  }
  deflate_count_literals(b, input + done, count - done);
  return matches;
}

static void put_symbols(const Workspace *w, DeflateOutput *output, const uint8_t *input, size_t count,
                        size_t matches) {
  const DeflateBlock *b = &w->block;
  size_t done = 0;
  for (size_t m = 0; m < matches; m++) {
    Match match = w->matches[m];
    unsigned extraBits, extra;
    deflate_put_literals(output, b->codes, input + done, match.start - done);
    // At most 12 + 5 + 15 + 13 bits, and 7 that were left.
    deflate_put_code(output, b->codes[deflate_length_symbol(match.length, &extraBits, &extra)]);
    deflate_put(output, extra, extraBits);
    deflate_put_code(output, b->distanceCodes[deflate_distance_symbol(match.distance, &extraBits, &extra)]);
    deflate_put(output, extra, extraBits);
    deflate_flush(output);
    done = match.start + match.length;
  }
  deflate_put_literals(output, b->codes, input + done, count - done);
  deflate_put_code(output, b->codes[DEFLATE_END_OF_BLOCK]);
  deflate_flush(output);
}

size_t image_kernels_deflate_small(const uint8_t *input, size_t count, uint8_t *output,
                                   void *workspace) {
  Workspace *w = workspace;
  DeflateOutput state = {output, 0, 0};
  size_t matches = scan(w, input, count);
  if (deflate_begin_block(&w->block, &state, input, count, true))
    put_symbols(w, &state, input, count, matches);
  return (size_t)(deflate_end(&state) - output);
}
