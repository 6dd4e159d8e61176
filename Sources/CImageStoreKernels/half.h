#pragma once
#include <stddef.h>
#include <stdint.h>

// IEEE 754 binary16, for compilers and processors without a type for it.

float image_kernels_half_to_float(uint16_t half);

/// Rounds to nearest, ties to even.
void image_kernels_floats_to_halves(const float *source, size_t count, uint16_t *out);
