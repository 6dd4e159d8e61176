#include "CImageStoreFuzzing.h"

// libFuzzer's own, which comes with -sanitize=fuzzer.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t count));

int fuzzing_run(int count, char **arguments, int (*test)(const uint8_t *bytes, size_t count)) {
  return LLVMFuzzerRunDriver(&count, &arguments, test);
}
