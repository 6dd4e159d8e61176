#pragma once
#include <stddef.h>
#include <stdint.h>

/// CRC-32 as zlib, zip and PNG define it (polynomial 0x04C11DB7 reflected, start and end inverted).
/// `crc` is the value of the bytes before, 0 at the start.
uint32_t image_kernels_crc32(uint32_t crc, const void *bytes, size_t count);

/// The same while the processor fetches as many bytes at `next`, which are needed after them. Nothing
/// is read there: it need not be valid.
uint32_t image_kernels_crc32_fetching(uint32_t crc, const void *bytes, size_t count, const void *next);
