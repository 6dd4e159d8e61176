#include "channels.h"
#include "vectors.h"

// A sample over another by its alpha, rounded to the nearest: Pillow's paste with a mask.
INLINE uint32_t blended(uint32_t sample, uint32_t below, uint32_t alpha, size_t size) {
  if (size == 1) {
    const uint32_t sum = sample * alpha + below * (255 - alpha) + 128;
    return ((sum >> 8) + sum) >> 8;
  }
  return (uint32_t)(((uint64_t)sample * alpha + (uint64_t)below * (65535 - alpha) + 32767) / 65535);
}

INLINE uint32_t load(const uint8_t *from, size_t size) {
  if (size == 1) return *from;
  uint16_t sample;
  memcpy(&sample, from, 2);
  return sample;
}

INLINE void store(uint8_t *to, uint32_t sample, size_t size) {
  if (size == 1) {
    *to = (uint8_t)sample;
    return;
  }
  const uint16_t wide = (uint16_t)sample;
  memcpy(to, &wide, 2);
}

INLINE void pixels(
    const image_kernels_channels *c, size_t channels, size_t out_channels, size_t size, int narrows, int blends,
    const uint8_t *from, size_t count, uint8_t *to) {
  const size_t out_size = narrows ? 1 : size;
  const int is_gray = channels < 3, has_alpha = channels % 2 == 0;
  for (size_t i = 0; i < count; i++, from += channels * size, to += out_channels * out_size) {
    uint32_t samples[4];
    for (size_t k = 0; k < channels; k++) samples[k] = load(from + k * size, size);
    uint32_t rgb[3] = {samples[0], samples[is_gray ? 0 : 1], samples[is_gray ? 0 : 2]};
    if (has_alpha && blends)
      for (size_t k = 0; k < 3; k++) rgb[k] = blended(rgb[k], c->color[k], samples[channels - 1], size);
    // Gray is its own luma, to the bit.
    if (out_channels == 1) rgb[0] = image_kernels_luma(rgb[0], rgb[1], rgb[2]);
    for (size_t k = 0; k < out_channels && k < 3; k++)
      store(to + k * out_size, narrows ? rgb[k] >> 8 : rgb[k], out_size);
  }
}

// Samples that keep their values: copied to every channel, left out, or their high bytes taken.
INLINE void copies(const image_kernels_channels *c, const uint8_t *from, size_t count, uint8_t *to) {
  const size_t size = c->sample_size, out_size = c->narrows ? 1 : size;
  for (size_t i = 0; i < count; i++, from += c->channels * size, to += c->out_channels * out_size)
    for (size_t k = 0; k < c->out_channels; k++) {
      // Of gray all channels are the first.
      const uint8_t *sample = from + (c->out_channels == 3 && c->channels < 3 ? 0 : k) * size;
      if (c->narrows) to[k * out_size] = (uint8_t)(load(sample, 2) >> 8);
      else memcpy(to + k * size, sample, size);
    }
}

INLINE void convert_channels_body(const image_kernels_channels *c, const uint8_t *from, size_t count, uint8_t *to) {
  const int calculates = c->blends || (c->out_channels == 1 && c->channels > 2);
  if (calculates) {
#define CASE(IN, OUT, SIZE, BLENDS)                                                                   \
  if (c->channels == IN && c->out_channels == OUT && c->sample_size == SIZE && !c->narrows &&         \
      c->blends == BLENDS)                                                                            \
    return pixels(c, IN, OUT, SIZE, 0, BLENDS, from, count, to);
    CASE(3, 1, 1, 0)
    CASE(4, 1, 1, 0)
    CASE(4, 3, 1, 1)
    return pixels(c, c->channels, c->out_channels, c->sample_size, c->narrows, c->blends, from, count, to);
  }
  if (c->sample_size == 1) {
    image_kernels_channels known = *c;
    known.sample_size = 1, known.narrows = 0;
    if (c->channels == 4 && c->out_channels == 3) {
      known.channels = 4, known.out_channels = 3;
      return copies(&known, from, count, to);
    }
    if (c->channels == 1 && c->out_channels == 3) {
      known.channels = 1, known.out_channels = 3;
      return copies(&known, from, count, to);
    }
  }
  copies(c, from, count, to);
}

DISPATCH(void, convert_channels,
         (const image_kernels_channels *conversion, const uint8_t *from, size_t count, uint8_t *to),
         (conversion, from, count, to))
