#pragma once
#include <stddef.h>
#include <stdint.h>

/// Writes `count` pixels of three bytes each, taken from three planes: `to` gets 3 * count bytes.
void image_kernels_interleave3(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
                       uint8_t *to, size_t count);

/// Takes `count` pixels of three bytes each apart into three planes of `count` bytes.
void image_kernels_deinterleave3(const uint8_t *from, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2,
                         size_t count);

/// As image_kernels_interleave3, writing past the caches if the processor can and `to` is at a multiple of 16: for
/// amounts that the caches do not hold, whose lines would be read for nothing before they are overwritten.
void image_kernels_interleave3_streaming(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
                                         uint8_t *to, size_t count);
