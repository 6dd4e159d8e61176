// Vectors in clang's portable notation. A kernel is written once as an inline body and compiled for the
// machine's base instructions and, on x86-64, for AVX2 as well.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t bytes32 __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint8_t bytes8 __attribute__((vector_size(8), aligned(1), may_alias));
typedef uint8_t bytes4 __attribute__((vector_size(4)));
typedef float floats8 __attribute__((vector_size(32), aligned(1), may_alias));

#define INLINE static inline __attribute__((always_inline))

// Defines the function image_kernels_NAME that calls NAME_body compiled for this machine.
#if defined(__x86_64__)
#define DISPATCH(result, name, parameters, arguments)                                            \
  __attribute__((target("avx2,popcnt"))) static result name##_avx2 parameters {                  \
    return name##_body arguments;                                                                \
  }                                                                                              \
  result image_kernels_##name parameters {                                                       \
    if (__builtin_cpu_supports("avx2")) return name##_avx2 arguments;                            \
    return name##_body arguments;                                                                \
  }
#else
#define DISPATCH(result, name, parameters, arguments)                                            \
  result image_kernels_##name parameters { return name##_body arguments; }
#endif
