#pragma once
#include <stddef.h>

/// Asks the processor to fetch the head of some bytes that will be copied soon, and their end.
///
/// Images in no order are each a new page or two to the processor, whose own prefetching stops at the end
/// of a page; what it waits for is the first touch. Nothing is read: the address need not be valid.
static inline void image_kernels_prefetch(const void *bytes, size_t count) {
  const char *start = (const char *)bytes;
  size_t head = count < 512 ? count : 512;
  for (size_t offset = 0; offset < head; offset += 64) __builtin_prefetch(start + offset);
  if (count > 512) __builtin_prefetch(start + count - 1);
}
