#include "deflate_runs.h"

#include "deflate_block.h"

enum { SHORTEST_RUN = 8 };

typedef struct {
  uint32_t start;
  uint32_t length;
} Run;

typedef struct {
  DeflateBlock block;
  Run runs[IMAGE_KERNELS_DEFLATE_BLOCK / SHORTEST_RUN + 1];
} Workspace;

size_t image_kernels_deflate_runs_workspace(void) { return sizeof(Workspace); }

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

// Finds the runs of a block and counts all symbols. A run is a match of distance 1, so it begins at
// the second of the equal bytes at the earliest.
static size_t scan(Workspace *w, const uint8_t *input, size_t count, bool hasByteBefore) {
  DeflateBlock *b = &w->block;
  deflate_clear_counts(b);
  size_t runs = 0, i = 0;
  if (!hasByteBefore && count > 0) b->partial[0][input[i++]]++;
  while (i + SHORTEST_RUN <= count) {
    if (load64(input + i) != load64(input + i - 1)) {
      for (unsigned k = 0; k < 8; k++) b->partial[k & 3][input[i + k]]++;
      i += 8;
      continue;
    }
    size_t end = i + 8;
    while (end + 8 <= count && load64(input + end) == load64(input + end - 1)) end += 8;
    while (end < count && input[end] == input[end - 1]) end++;
    // The rest after a division into longest matches may be too short for a match.
    size_t rest = (end - i) % DEFLATE_LONGEST_MATCH;
    if (rest < DEFLATE_SHORTEST_MATCH) end -= rest, rest = 0;
    uint32_t longest = (uint32_t)((end - i) / DEFLATE_LONGEST_MATCH);
    b->counts[285] += longest;
    b->distanceCounts[0] += longest;
    if (rest) {
      unsigned extraBits, extra;
      b->counts[deflate_length_symbol((unsigned)rest, &extraBits, &extra)]++;
      b->distanceCounts[0]++;
    }
    w->runs[runs++] = (Run){(uint32_t)i, (uint32_t)(end - i)};
    i = end;
  }
  for (; i < count; i++) b->partial[0][input[i]]++;
  return runs;
}

static void put_symbols(const Workspace *w, DeflateOutput *output, const uint8_t *input, size_t count,
                        size_t runs) {
  const uint32_t *codes = w->block.codes;
  size_t done = 0;
  for (size_t r = 0; r < runs; r++) {
    deflate_put_literals(output, codes, input + done, w->runs[r].start - done);
    unsigned left = w->runs[r].length;
    while (left > 0) {
      unsigned extraBits, extra, length = left < DEFLATE_LONGEST_MATCH ? left : DEFLATE_LONGEST_MATCH;
      deflate_put_code(output, codes[deflate_length_symbol(length, &extraBits, &extra)]);
      deflate_put(output, extra, extraBits);
      deflate_put_code(output, w->block.distanceCodes[0]);
      deflate_flush(output);
      left -= length;
    }
    done = w->runs[r].start + w->runs[r].length;
  }
  deflate_put_literals(output, codes, input + done, count - done);
  deflate_put_code(output, codes[DEFLATE_END_OF_BLOCK]);
  deflate_flush(output);
}

size_t image_kernels_deflate_runs(const uint8_t *input, size_t count, uint8_t *output,
                                  void *workspace) {
  Workspace *w = workspace;
  DeflateOutput state = {output, 0, 0};
  size_t start = 0;
  do {
    size_t left = count - start;
    size_t taken = left < IMAGE_KERNELS_DEFLATE_BLOCK ? left : IMAGE_KERNELS_DEFLATE_BLOCK;
    const uint8_t *block = input + start;
    size_t runs = scan(w, block, taken, start > 0);
    if (deflate_begin_block(&w->block, &state, block, taken, taken == left))
      put_symbols(w, &state, block, taken, runs);
    start += taken;
  } while (start < count);
  return (size_t)(deflate_end(&state) - output);
}

size_t image_kernels_deflate_stored(const uint8_t *input, size_t count, uint8_t *output) {
  DeflateOutput state = {output, 0, 0};
  size_t start = 0;
  do {
    size_t left = count - start;
    size_t taken = left < IMAGE_KERNELS_DEFLATE_BLOCK ? left : IMAGE_KERNELS_DEFLATE_BLOCK;
    deflate_put_stored(&state, input + start, taken, taken == left);
    start += taken;
  } while (start < count);
  return (size_t)(state.next - output);
}
