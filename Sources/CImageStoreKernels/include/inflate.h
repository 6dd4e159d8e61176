#pragma once
#include <stddef.h>
#include <stdint.h>

// Inflates raw deflate streams (RFC 1951) that are completely in memory, directly to their
// destination and without a window. This takes half the time of zlib, which must be able to stop
// anywhere.

typedef enum {
  IMAGE_KERNELS_INFLATE_OK = 0,
  // The stream contradicts the format.
  IMAGE_KERNELS_INFLATE_INVALID = 1,
  // The input ends before the stream does.
  IMAGE_KERNELS_INFLATE_CUT = 2,
  // The stream holds more bytes than there is room for.
  IMAGE_KERNELS_INFLATE_FULL = 3,
} image_kernels_inflate_status;

// The bytes of memory, aligned to 8, that a call works in; they need not be cleared.
size_t image_kernels_inflate_workspace(void);

// Inflates one stream. `read` and `written` say how many bytes of input and output were used.
// Nothing is written at or after `output + room`; the bytes between `written` and `room` have no
// meaning afterwards.
image_kernels_inflate_status image_kernels_inflate(const uint8_t *input, size_t count, uint8_t *output,
                                                   size_t room, size_t *read, size_t *written,
                                                   void *workspace);
