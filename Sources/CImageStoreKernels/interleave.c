#include "interleave.h"

// The vector kernels take 16 pixels per step and answer how many pixels they did; the scalar loop does
// the rest. Intrinsics rather than loops for the compiler, since debug builds compile C without
// optimisation.

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>

// Byte k of an interleaved 16-byte block v holds sample (16 v + k) / 3 of plane (16 v + k) % 3. A mask
// takes from one plane what belongs to one block; 0x80 leaves a zero for the other planes to fill.
#define Z (char)0x80
#define SCATTER(v, p)                                                                              \
  _mm_setr_epi8(SAMPLE(v, p, 0), SAMPLE(v, p, 1), SAMPLE(v, p, 2), SAMPLE(v, p, 3),                \
                SAMPLE(v, p, 4), SAMPLE(v, p, 5), SAMPLE(v, p, 6), SAMPLE(v, p, 7),                \
                SAMPLE(v, p, 8), SAMPLE(v, p, 9), SAMPLE(v, p, 10), SAMPLE(v, p, 11),              \
                SAMPLE(v, p, 12), SAMPLE(v, p, 13), SAMPLE(v, p, 14), SAMPLE(v, p, 15))
#define SAMPLE(v, p, k) ((16 * (v) + (k)) % 3 == (p) ? (16 * (v) + (k)) / 3 : Z)

// The other way: sample k of plane p is byte 3 k + p of the 48; it is in block v or not.
#define GATHER(v, p)                                                                               \
  _mm_setr_epi8(PLACE(v, p, 0), PLACE(v, p, 1), PLACE(v, p, 2), PLACE(v, p, 3), PLACE(v, p, 4),    \
                PLACE(v, p, 5), PLACE(v, p, 6), PLACE(v, p, 7), PLACE(v, p, 8), PLACE(v, p, 9),    \
                PLACE(v, p, 10), PLACE(v, p, 11), PLACE(v, p, 12), PLACE(v, p, 13),                \
                PLACE(v, p, 14), PLACE(v, p, 15))
#define PLACE(v, p, k) ((3 * (k) + (p)) / 16 == (v) ? (3 * (k) + (p)) % 16 : Z)

#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define STORE(p, x) _mm_storeu_si128((__m128i *)(p), x)
#define STREAM(p, x) _mm_stream_si128((__m128i *)(p), x)
#define MERGE(a, ma, b, mb, c, mc)                                                                 \
  _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(a, ma), _mm_shuffle_epi8(b, mb)),                     \
               _mm_shuffle_epi8(c, mc))

__attribute__((target("ssse3"))) static size_t
interleave3_ssse3(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2, uint8_t *to,
                  size_t count) {
  const __m128i m00 = SCATTER(0, 0), m01 = SCATTER(0, 1), m02 = SCATTER(0, 2);
  const __m128i m10 = SCATTER(1, 0), m11 = SCATTER(1, 1), m12 = SCATTER(1, 2);
  const __m128i m20 = SCATTER(2, 0), m21 = SCATTER(2, 1), m22 = SCATTER(2, 2);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i a = LOAD(plane0 + i), b = LOAD(plane1 + i), c = LOAD(plane2 + i);
    STORE(to + 3 * i, MERGE(a, m00, b, m01, c, m02));
    STORE(to + 3 * i + 16, MERGE(a, m10, b, m11, c, m12));
    STORE(to + 3 * i + 32, MERGE(a, m20, b, m21, c, m22));
  }
  return i;
}

__attribute__((target("ssse3"))) static size_t
interleave3_streaming_ssse3(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2, uint8_t *to,
                            size_t count) {
  const __m128i m00 = SCATTER(0, 0), m01 = SCATTER(0, 1), m02 = SCATTER(0, 2);
  const __m128i m10 = SCATTER(1, 0), m11 = SCATTER(1, 1), m12 = SCATTER(1, 2);
  const __m128i m20 = SCATTER(2, 0), m21 = SCATTER(2, 1), m22 = SCATTER(2, 2);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i a = LOAD(plane0 + i), b = LOAD(plane1 + i), c = LOAD(plane2 + i);
    STREAM(to + 3 * i, MERGE(a, m00, b, m01, c, m02));
    STREAM(to + 3 * i + 16, MERGE(a, m10, b, m11, c, m12));
    STREAM(to + 3 * i + 32, MERGE(a, m20, b, m21, c, m22));
  }
  // Other threads that read after this call must see the bytes that went past the caches.
  _mm_sfence();
  return i;
}

__attribute__((target("ssse3"))) static size_t
deinterleave3_ssse3(const uint8_t *from, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2,
                    size_t count) {
  const __m128i m00 = GATHER(0, 0), m10 = GATHER(1, 0), m20 = GATHER(2, 0);
  const __m128i m01 = GATHER(0, 1), m11 = GATHER(1, 1), m21 = GATHER(2, 1);
  const __m128i m02 = GATHER(0, 2), m12 = GATHER(1, 2), m22 = GATHER(2, 2);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i a = LOAD(from + 3 * i), b = LOAD(from + 3 * i + 16), c = LOAD(from + 3 * i + 32);
    STORE(plane0 + i, MERGE(a, m00, b, m10, c, m20));
    STORE(plane1 + i, MERGE(a, m01, b, m11, c, m21));
    STORE(plane2 + i, MERGE(a, m02, b, m12, c, m22));
  }
  return i;
}

static size_t interleave3_vector(const uint8_t *plane0, const uint8_t *plane1,
                                 const uint8_t *plane2, uint8_t *to, size_t count) {
  return __builtin_cpu_supports("ssse3") ? interleave3_ssse3(plane0, plane1, plane2, to, count) : 0;
}

static size_t interleave3_streaming_vector(const uint8_t *plane0, const uint8_t *plane1,
                                           const uint8_t *plane2, uint8_t *to, size_t count) {
  return (uintptr_t)to % 16 == 0 && __builtin_cpu_supports("ssse3")
             ? interleave3_streaming_ssse3(plane0, plane1, plane2, to, count)
             : interleave3_vector(plane0, plane1, plane2, to, count);
}

static size_t deinterleave3_vector(const uint8_t *from, uint8_t *plane0, uint8_t *plane1,
                                   uint8_t *plane2, size_t count) {
  return __builtin_cpu_supports("ssse3") ? deinterleave3_ssse3(from, plane0, plane1, plane2, count)
                                         : 0;
}

#elif defined(__ARM_NEON)
#define interleave3_streaming_vector interleave3_vector
#include <arm_neon.h>

static size_t interleave3_vector(const uint8_t *plane0, const uint8_t *plane1,
                                 const uint8_t *plane2, uint8_t *to, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    uint8x16x3_t pixels = {{vld1q_u8(plane0 + i), vld1q_u8(plane1 + i), vld1q_u8(plane2 + i)}};
    vst3q_u8(to + 3 * i, pixels);
  }
  return i;
}

static size_t deinterleave3_vector(const uint8_t *from, uint8_t *plane0, uint8_t *plane1,
                                   uint8_t *plane2, size_t count) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    uint8x16x3_t pixels = vld3q_u8(from + 3 * i);
    vst1q_u8(plane0 + i, pixels.val[0]);
    vst1q_u8(plane1 + i, pixels.val[1]);
    vst1q_u8(plane2 + i, pixels.val[2]);
  }
  return i;
}

#else
#define interleave3_streaming_vector interleave3_vector

static size_t interleave3_vector(const uint8_t *plane0, const uint8_t *plane1,
                                 const uint8_t *plane2, uint8_t *to, size_t count) {
  (void)plane0, (void)plane1, (void)plane2, (void)to, (void)count;
  return 0;
}

static size_t deinterleave3_vector(const uint8_t *from, uint8_t *plane0, uint8_t *plane1,
                                   uint8_t *plane2, size_t count) {
  (void)from, (void)plane0, (void)plane1, (void)plane2, (void)count;
  return 0;
}

#endif

static void interleave3_rest(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2, uint8_t *to,
                             size_t done, size_t count) {
  for (size_t i = done; i < count; i++) {
    to[3 * i] = plane0[i];
    to[3 * i + 1] = plane1[i];
    to[3 * i + 2] = plane2[i];
  }
}

void image_kernels_interleave3(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
                       uint8_t *to, size_t count) {
  size_t done = interleave3_vector(plane0, plane1, plane2, to, count);
  interleave3_rest(plane0, plane1, plane2, to, done, count);
}

void image_kernels_interleave3_streaming(const uint8_t *plane0, const uint8_t *plane1, const uint8_t *plane2,
                                         uint8_t *to, size_t count) {
  size_t done = interleave3_streaming_vector(plane0, plane1, plane2, to, count);
  interleave3_rest(plane0, plane1, plane2, to, done, count);
}

void image_kernels_deinterleave3(const uint8_t *from, uint8_t *plane0, uint8_t *plane1, uint8_t *plane2,
                         size_t count) {
  for (size_t i = deinterleave3_vector(from, plane0, plane1, plane2, count); i < count; i++) {
    plane0[i] = from[3 * i];
    plane1[i] = from[3 * i + 1];
    plane2[i] = from[3 * i + 2];
  }
}
