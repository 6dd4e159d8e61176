#include "half.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

float image_kernels_half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  uint32_t bits;
  if (exponent == 31)
    bits = sign | 0x7F800000 | fraction << 13;
  else if (exponent)
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  else {
    float value = (float)fraction * 0x1p-24f;
    memcpy(&bits, &value, 4);
    bits |= sign;
  }
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// Rounds to nearest, ties to even.
static uint16_t float_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7FFFFFFF;
  if (bits > 0x7F800000) return sign | 0x7E00;
  if (bits >= 0x47800000) return sign | 0x7C00;
  if (bits < 0x38800000) {
    // Adding a half moves the bits of a subnormal to the end of the fraction, rounded by the machine.
    float magnitude;
    memcpy(&magnitude, &bits, 4);
    magnitude += 0.5f;
    memcpy(&bits, &magnitude, 4);
    return sign | (uint16_t)(bits - 0x3F000000);
  }
  bits += 0xFFF + (bits >> 13 & 1);
  return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static size_t floats_to_halves_f16c(
    const float *source, size_t count, uint16_t *out) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128((__m128i *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps(source + i), 0));
  return i;
}
#endif

void image_kernels_floats_to_halves(const float *source, size_t count, uint16_t *out) {
  size_t i = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c")) i = floats_to_halves_f16c(source, count, out);
#elif defined(__aarch64__)
  for (; i + 4 <= count; i += 4) {
    float16x4_t halves = vcvt_f16_f32(vld1q_f32(source + i));
    memcpy(out + i, &halves, 8);
  }
#endif
  for (; i < count; i++) out[i] = float_to_half(source[i]);
}
