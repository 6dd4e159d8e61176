// CRC-32 by carry-less multiplication (V. Gopal et al., "Fast CRC Computation for Generic Polynomials
// Using PCLMULQDQ Instruction", Intel 2009), of two lanes at once if the processor can, by ARM's CRC
// instructions, or by eight tables ("slicing by 8": M. Kounavis, F. Berry, "A Systematic Approach to
// Building High Performance, Software-based, CRC Generators", 2005).
#include "crc32.h"
#include <string.h>

static uint32_t tables[8][256];

__attribute__((constructor)) static void fill_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    tables[0][i] = c;
  }
  for (int t = 1; t < 8; t++)
    for (uint32_t i = 0; i < 256; i++)
      tables[t][i] = tables[0][tables[t - 1][i] & 255] ^ (tables[t - 1][i] >> 8);
}

static uint32_t crc_by_tables(uint32_t c, const uint8_t *p, size_t n) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t a, b;
    memcpy(&a, p, 4);
    memcpy(&b, p + 4, 4);
    a ^= c;
    c = tables[7][a & 255] ^ tables[6][a >> 8 & 255] ^ tables[5][a >> 16 & 255] ^ tables[4][a >> 24] ^
        tables[3][b & 255] ^ tables[2][b >> 8 & 255] ^ tables[1][b >> 16 & 255] ^ tables[0][b >> 24];
  }
#endif
  for (; n > 0; n--, p++) c = tables[0][(c ^ *p) & 255] ^ (c >> 8);
  return c;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("pclmul,sse4.1"))) static inline __m128i fold(__m128i x, __m128i k, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(x, k, 0x00);
  __m128i high = _mm_clmulepi64_si128(x, k, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// x^(128 + 32) and x^(128 - 32) modulo the polynomial, reflected.
#define K3 0x1751997d0
#define K4 0x0ccaa009e

// The checksum of a lane of 128 bits and the bytes after it; the bytes after the last 16 whole ones
// go through the tables.
__attribute__((target("pclmul,sse4.1"))) static inline uint32_t crc_of_lane(__m128i x, const uint8_t *p,
                                                                            size_t n) {
  const __m128i k3k4 = _mm_set_epi64x(K4, K3);
  const __m128i k5 = _mm_set_epi64x(0, 0x163cd6124);
  const __m128i poly = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  const __m128i mask32 = _mm_setr_epi32(-1, 0, -1, 0);
  for (; n >= 16; n -= 16, p += 16) x = fold(x, k3k4, _mm_loadu_si128((const __m128i *)p));
  // 128 bits to 64, to 32, then Barrett's reduction.
  x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, k3k4, 0x10));
  x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, mask32), k5, 0x00));
  __m128i t = _mm_clmulepi64_si128(_mm_and_si128(x, mask32), poly, 0x10);
  t = _mm_clmulepi64_si128(_mm_and_si128(t, mask32), poly, 0x00);
  return crc_by_tables((uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1), p, n);
}

// `n` is at least 64.
__attribute__((target("pclmul,sse4.1"))) static uint32_t crc_by_folding(uint32_t c, const uint8_t *p,
                                                                         size_t n) {
  const __m128i k1k2 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
  const __m128i k3k4 = _mm_set_epi64x(K4, K3);
  const __m128i *v = (const __m128i *)p;
  __m128i x0 = _mm_xor_si128(_mm_loadu_si128(v), _mm_cvtsi32_si128((int)c));
  __m128i x1 = _mm_loadu_si128(v + 1), x2 = _mm_loadu_si128(v + 2), x3 = _mm_loadu_si128(v + 3);
  v += 4;
  n -= 64;
  for (; n >= 64; n -= 64, v += 4) {
    x0 = fold(x0, k1k2, _mm_loadu_si128(v));
    x1 = fold(x1, k1k2, _mm_loadu_si128(v + 1));
    x2 = fold(x2, k1k2, _mm_loadu_si128(v + 2));
    x3 = fold(x3, k1k2, _mm_loadu_si128(v + 3));
  }
  return crc_of_lane(fold(fold(fold(x0, k3k4, x1), k3k4, x2), k3k4, x3), (const uint8_t *)v, n);
}

__attribute__((target("vpclmulqdq,avx2"))) static inline __m256i fold_pair(__m256i x, __m256i k, __m256i next) {
  __m256i low = _mm256_clmulepi64_epi128(x, k, 0x00);
  __m256i high = _mm256_clmulepi64_epi128(x, k, 0x11);
  return _mm256_xor_si256(_mm256_xor_si256(low, high), next);
}

// The same, two lanes at once, while the processor fetches as many bytes at `ahead`; `n` is at least 128.
__attribute__((target("vpclmulqdq,pclmul,avx2"))) static uint32_t crc_by_folding_pairs(uint32_t c,
                                                                                        const uint8_t *p,
                                                                                        size_t n,
                                                                                        const uint8_t *ahead) {
  // x^(1024 + 32) and x^(1024 - 32) modulo the polynomial, reflected.
  const __m256i k = _mm256_set_epi64x(0x14a7fe880, 0x1e88ef372, 0x14a7fe880, 0x1e88ef372);
  const __m256i *v = (const __m256i *)p;
  __m256i x[4];
  for (int i = 0; i < 4; i++) x[i] = _mm256_loadu_si256(v + i);
  x[0] = _mm256_xor_si256(x[0], _mm256_zextsi128_si256(_mm_cvtsi32_si128((int)c)));
  v += 4;
  n -= 128;
  for (; n >= 128; n -= 128, v += 4, ahead += 128) {
    // Processors do not fetch ahead over the end of a page by themselves.
    _mm_prefetch((const char *)ahead, _MM_HINT_T0);
    _mm_prefetch((const char *)ahead + 64, _MM_HINT_T0);
    for (int i = 0; i < 4; i++) x[i] = fold_pair(x[i], k, _mm256_loadu_si256(v + i));
  }
  const __m128i k3k4 = _mm_set_epi64x(K4, K3);
  __m128i lane = fold(_mm256_castsi256_si128(x[0]), k3k4, _mm256_extracti128_si256(x[0], 1));
  for (int i = 1; i < 4; i++) {
    lane = fold(lane, k3k4, _mm256_castsi256_si128(x[i]));
    lane = fold(lane, k3k4, _mm256_extracti128_si256(x[i], 1));
  }
  return crc_of_lane(lane, (const uint8_t *)v, n);
}
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

// Optional in the first release of the architecture, which Linux is compiled for.
static int has_crc_instruction(void) {
#if defined(__ARM_FEATURE_CRC32)
  return 1;
#elif defined(__linux__)
  const unsigned long hwcap_crc32 = 1 << 7;
  return (getauxval(AT_HWCAP) & hwcap_crc32) != 0;
#else
  return 0;
#endif
}

__attribute__((target("crc"))) static uint32_t crc_by_instruction(uint32_t c, const uint8_t *p, size_t n) {
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t a;
    memcpy(&a, p, 8);
    c = __crc32d(c, a);
  }
  for (; n > 0; n--, p++) c = __crc32b(c, *p);
  return c;
}
#endif

uint32_t image_kernels_crc32(uint32_t crc, const void *bytes, size_t count) {
  return image_kernels_crc32_fetching(crc, bytes, count, (const uint8_t *)bytes + 2048 + 128);
}

uint32_t image_kernels_crc32_fetching(uint32_t crc, const void *bytes, size_t count, const void *next) {
  uint32_t c = ~crc;
  // Only the fastest of them would wait for memory otherwise.
  (void)next;
#if defined(__x86_64__)
  if (count >= 256 && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2"))
    return ~crc_by_folding_pairs(c, bytes, count, next);
  if (count >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
    return ~crc_by_folding(c, bytes, count);
#elif defined(__aarch64__)
  if (has_crc_instruction()) return ~crc_by_instruction(c, bytes, count);
#endif
  return ~crc_by_tables(c, bytes, count);
}
