#pragma once
#include <stddef.h>
#include <stdint.h>

/// The gray of red, green and blue of 8 or 16 bits: ITU-R 601-2 luma in 16 bits, as Pillow's convert("L") has it.
static inline uint32_t image_kernels_luma(uint32_t red, uint32_t green, uint32_t blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/// Conversions of the channels and samples of pixels.
typedef struct {
  size_t channels;      // 1 gray, 2 gray and alpha, 3 red, green and blue, 4 and alpha
  size_t out_channels;  // 1, 3, or as many as there are
  uint8_t sample_size;  // 1 or 2 bytes, unsigned; any size if no sample is calculated
  uint8_t narrows;      // samples of 2 bytes become their high byte
  uint8_t blends;       // pixels are laid over `color`, which takes the samples' full range, by their alpha
  uint16_t color[3];
} image_kernels_channels;

/// Converts `count` pixels.
void image_kernels_convert_channels(
    const image_kernels_channels *conversion, const uint8_t *from, size_t count, uint8_t *to);
