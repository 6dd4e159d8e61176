#pragma once
#include <stddef.h>

/// Asks the processor to fetch the first and the last of some bytes that will be copied soon.
///
/// Images in no order are each a new page or two to the processor, whose own prefetching stops at the end
/// of a page; what it waits for is the first touch. Fetching more of them was measured to gain nothing.
/// Nothing is read: the address need not be valid.
static inline void image_kernels_prefetch(const void *bytes, size_t count) {
  const char *start = (const char *)bytes;
  __builtin_prefetch(start);
  if (count > 64) __builtin_prefetch(start + count - 1);
}
