#pragma once
#include <stddef.h>

/// Copies `count` bytes while the processor fetches as many bytes at `next`, which will be copied after them.
///
/// Each image of a shuffled order is on a new page or two, and the processor's own prefetching
/// stops at the end of a page: it would wait for memory at the start of every image. So the next
/// one is fetched line for line while this one is copied, which pays for images of up to some KB.
/// For larger ones the processor's own prefetching is enough. Nothing is read at `next`: it need
/// not be valid.
void image_kernels_copy(void *to, const void *from, size_t count, const void *next);

/// The same for more bytes than the caches hold, which are not read again soon: they go to memory
/// without being fetched from there first. After ``image_kernels_end_copies_around_cache`` other
/// threads see such copies.
void image_kernels_copy_around_cache(void *to, const void *from, size_t count, const void *next);
void image_kernels_end_copies_around_cache(void);

/// Asks the processor to fetch the first and the last of some bytes, and so to look up their pages.
/// Nothing is read.
static inline void image_kernels_prefetch_ends(const void *bytes, size_t count) {
  __builtin_prefetch(bytes);
  if (count > 64) __builtin_prefetch((const char *)bytes + count - 1);
}

/// Asks the processor to fetch some bytes, line for line. Nothing is read: they need not be valid.
static inline void image_kernels_prefetch(const void *bytes, size_t count) {
  for (size_t line = 0; line < count; line += 64) __builtin_prefetch((const char *)bytes + line);
}
