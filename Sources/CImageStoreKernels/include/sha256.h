#pragma once
#include <stddef.h>
#include <stdint.h>

/// The state of a SHA-256 (FIPS 180-4) of bytes that come in parts.
#define IMAGE_KERNELS_SHA256_WORDS 13

void image_kernels_sha256_begin(uint64_t *hash);
void image_kernels_sha256_add(uint64_t *hash, const void *bytes, size_t count);

/// Writes the 32 bytes of the result; `hash` is of no use afterwards.
void image_kernels_sha256_finish(uint64_t *hash, uint8_t *result);

/// Hashes `count` blocks of 64 bytes without the instructions some processors have for it.
void image_kernels_sha256_blocks_portable(uint32_t state[8], const uint8_t *blocks, size_t count);
