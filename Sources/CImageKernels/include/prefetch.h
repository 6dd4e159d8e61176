// A hint that memory is about to be read.
#pragma once

/// Starts loading the first 512 bytes from an address into the caches, and returns at once. Any address will
/// do: one that cannot be read is ignored.
static inline void image_kernels_prefetch(const void *address) {
  for (int offset = 0; offset < 512; offset += 64) {
    __builtin_prefetch((const char *)address + offset);
  }
}
