#include "resample.h"
#include "vectors.h"

INLINE void pick(
    const uint32_t *places, size_t count, uint32_t origin, size_t size, const uint8_t *from, uint8_t *to) {
  for (size_t i = 0; i < count; i++) memcpy(to + i * size, from + (size_t)(places[i] - origin) * size, size);
}

void image_kernels_pick_pixels(
    const uint32_t *places, size_t place_count, uint32_t origin, size_t pixel_byte_count, const uint8_t *from,
    uint8_t *to) {
  switch (pixel_byte_count) {
    case 1: pick(places, place_count, origin, 1, from, to); break;
    case 2: pick(places, place_count, origin, 2, from, to); break;
    case 3: pick(places, place_count, origin, 3, from, to); break;
    case 4: pick(places, place_count, origin, 4, from, to); break;
    case 8: pick(places, place_count, origin, 8, from, to); break;
    default: pick(places, place_count, origin, pixel_byte_count, from, to);
  }
}
