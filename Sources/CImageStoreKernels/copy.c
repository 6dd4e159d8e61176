#include "copy.h"
#include "vectors.h"

// Beyond this, lines fetched ahead were measured to cost more than they save.
enum { MOST_FETCHED = 8192 };

// Builds without optimisation, whose loops are slower than what they would save, use memcpy.
#if defined(__OPTIMIZE__)
typedef uint8_t aligned_bytes32 __attribute__((vector_size(32), may_alias));

INLINE void copy_whole_body(uint8_t *to, const uint8_t *from, size_t count, const uint8_t *next, int around_cache) {
  size_t i = 0;
  for (; i + 128 <= count; i += 128) {
    __builtin_prefetch(next + i);
    __builtin_prefetch(next + i + 64);
    const bytes32 a = *(const bytes32 *)(from + i), b = *(const bytes32 *)(from + i + 32);
    const bytes32 c = *(const bytes32 *)(from + i + 64), d = *(const bytes32 *)(from + i + 96);
    if (around_cache) {
      aligned_bytes32 *const line = (aligned_bytes32 *)(to + i);
      __builtin_nontemporal_store((aligned_bytes32)a, line);
      __builtin_nontemporal_store((aligned_bytes32)b, line + 1);
      __builtin_nontemporal_store((aligned_bytes32)c, line + 2);
      __builtin_nontemporal_store((aligned_bytes32)d, line + 3);
      continue;
    }
    *(bytes32 *)(to + i) = a;
    *(bytes32 *)(to + i + 32) = b;
    *(bytes32 *)(to + i + 64) = c;
    *(bytes32 *)(to + i + 96) = d;
  }
  // Unless `next` is at the start of a line, its last bytes are in one more.
  if (count > 0) __builtin_prefetch(next + count - 1);
  memcpy(to + i, from + i, count - i);
}

#if defined(__x86_64__)
__attribute__((target("avx"))) static void copy_whole_avx(
    uint8_t *to, const uint8_t *from, size_t count, const uint8_t *next) {
  copy_whole_body(to, from, count, next, 0);
}

__attribute__((target("avx"))) static void copy_around_cache_avx(
    uint8_t *to, const uint8_t *from, size_t count, const uint8_t *next) {
  copy_whole_body(to, from, count, next, 1);
}
#endif

#endif

void image_kernels_copy(void *to, const void *from, size_t count, const void *next) {
#if defined(__OPTIMIZE__)
  if (count <= MOST_FETCHED) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) {
      copy_whole_avx(to, from, count, next);
      return;
    }
#endif
    copy_whole_body(to, from, count, next, 0);
    return;
  }
#endif
  (void)next;
  memcpy(to, from, count);
}

void image_kernels_copy_around_cache(void *to, const void *from, size_t count, const void *next) {
#if defined(__OPTIMIZE__) && defined(__x86_64__)
  if (count <= MOST_FETCHED && (uintptr_t)to % 32 == 0 && __builtin_cpu_supports("avx")) {
    copy_around_cache_avx(to, from, count, next);
    return;
  }
#endif
  image_kernels_copy(to, from, count, next);
}

void image_kernels_end_copies_around_cache(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}
