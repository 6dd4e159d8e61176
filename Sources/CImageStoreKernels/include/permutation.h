#pragma once
#include <stddef.h>
#include <stdint.h>

// A keyed permutation of 0..<count in constant memory; Docs/SampleOrder.md has the algorithm.

#define IMAGE_KERNELS_PERMUTATION_ROUNDS 8

typedef struct {
  uint64_t count;
  uint32_t rows, columns;  // rows * columns >= count
  uint32_t multipliers[IMAGE_KERNELS_PERMUTATION_ROUNDS];
  uint32_t addends[IMAGE_KERNELS_PERMUTATION_ROUNDS];
} image_kernels_permutation;

/// The finishing steps of SplitMix64: a bijection that scatters 64 bits.
static inline uint64_t image_kernels_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// The permutation of `count` (at most 2^62) numbers that belongs to a key.
image_kernels_permutation image_kernels_permutation_make(uint64_t count, uint64_t key);

/// Writes what is at the positions first, first + stride, ...; all are less than count.
void image_kernels_permute(
    const image_kernels_permutation *permutation, uint64_t first, uint64_t stride, int64_t *results,
    size_t n);

/// The position of a number less than count.
uint64_t image_kernels_permutation_position(const image_kernels_permutation *permutation, uint64_t number);
