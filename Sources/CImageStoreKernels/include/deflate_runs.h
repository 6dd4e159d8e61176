#pragma once
#include <stddef.h>
#include <stdint.h>

// Deflate (RFC 1951) for filtered pixels: Huffman codes made for each block and, in place of a search
// for matches, only runs of one byte. Filtered photographs have next to no other matches, so this
// takes a quarter of the time of zlib's fastest level for a few percent more bytes.

enum { IMAGE_KERNELS_DEFLATE_BLOCK = 65535 };

// The most bytes that `count` bytes deflate to, with what may be written beyond the end.
static inline size_t image_kernels_deflate_runs_bound(size_t count) {
  return count + 8 * (count / IMAGE_KERNELS_DEFLATE_BLOCK + 1) + 16;
}

// The bytes of memory, aligned to 8, that a call works in; they need not be cleared.
size_t image_kernels_deflate_runs_workspace(void);

// Deflates `count` bytes to a raw deflate stream and returns its length. `output` has room for the
// bound. The bytes made depend on the input alone.
size_t image_kernels_deflate_runs(const uint8_t *input, size_t count, uint8_t *output,
                                  void *workspace);

// As image_kernels_deflate_runs, but only stored blocks.
size_t image_kernels_deflate_stored(const uint8_t *input, size_t count, uint8_t *output);
