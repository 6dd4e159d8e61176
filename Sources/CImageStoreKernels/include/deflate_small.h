#pragma once
#include "deflate_runs.h"

// Deflate (RFC 1951) for small photographs as they are: one block, matches of three bytes and more
// among the last two places where the same three were. That finds nearly all that is worth finding
// in a few KB of photograph in a third of zlib's time; drawings and masks, where long matches and
// the choice among many of them matter, become up to half as large again as with zlib's level 6.

// The most bytes that one block can have.
enum { IMAGE_KERNELS_DEFLATE_SMALL_LIMIT = IMAGE_KERNELS_DEFLATE_BLOCK };

// The most bytes that `count` bytes deflate to, with what may be written beyond the end.
static inline size_t image_kernels_deflate_small_bound(size_t count) { return count + 24; }

// The bytes of memory, aligned to 8, that a call works in; they need not be cleared.
size_t image_kernels_deflate_small_workspace(void);

// Deflates `count` bytes to a raw deflate stream and returns its length. `output` has room for the
// bound. The bytes made depend on the input alone.
size_t image_kernels_deflate_small(const uint8_t *input, size_t count, uint8_t *output,
                                   void *workspace);
