#include "copy.h"
#include "vectors.h"

// Beyond this, lines fetched ahead were measured to cost more than they save.
enum { MOST_FETCHED = 8192 };

INLINE void copy_whole_body(uint8_t *to, const uint8_t *from, size_t count, const uint8_t *next) {
  size_t i = 0;
  for (; i + 128 <= count; i += 128) {
    __builtin_prefetch(next + i);
    __builtin_prefetch(next + i + 64);
    const bytes32 a = *(const bytes32 *)(from + i), b = *(const bytes32 *)(from + i + 32);
    const bytes32 c = *(const bytes32 *)(from + i + 64), d = *(const bytes32 *)(from + i + 96);
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
  copy_whole_body(to, from, count, next);
}
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
    copy_whole_body(to, from, count, next);
    return;
  }
#endif
  // Also in builds without optimisation, whose loops are slower than what they would save.
  (void)next;
  memcpy(to, from, count);
}
