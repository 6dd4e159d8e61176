#pragma once
#include <stddef.h>
#include <stdint.h>

/// Lets libFuzzer, with the arguments of the program, call `test` with bytes that it makes up.
int fuzzing_run(int count, char **arguments, int (*test)(const uint8_t *bytes, size_t count));
