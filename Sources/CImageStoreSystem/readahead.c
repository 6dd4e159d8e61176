#define _GNU_SOURCE  // posix_fadvise, mincore
#include "CImageStoreSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)
// MADV_POPULATE_READ of Linux 5.14, which C libraries name later.
static const int image_stores_populate_read = 22;
#endif

long image_stores_count_resident(const void *pages, size_t count) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char states[64];
  long resident = 0;
  const char *next = pages;
  while (count > 0) {
    size_t part = count < sizeof states * size ? count : sizeof states * size;
    if (mincore((void *)next, part, (void *)states) != 0) return -1;
    for (size_t page = 0; page * size < part; page++) resident += states[page] & 1;
    next += part;
    count -= part;
  }
  return resident;
}

void image_stores_drop_cached(int descriptor, long long offset, long long count) {
#if defined(__linux__)
  (void)posix_fadvise(descriptor, offset, count, POSIX_FADV_DONTNEED);
#else
  (void)descriptor, (void)offset, (void)count;
#endif
}

int image_stores_fetch_large(int descriptor, long long offset, size_t count) {
#if defined(__linux__)
  // A fault in a map of large pages has Linux read all of the page (filemap_fault); which part of the map it is in does not matter.
  // The map is one of its own, since nothing takes that advice back.
  void *map = mmap(NULL, count, PROT_READ, MAP_SHARED, descriptor, (off_t)offset);
  if (map == MAP_FAILED) return -1;
  int failed = madvise(map, count, MADV_HUGEPAGE);
  // Or it would read the next one, too.
  if (!failed) failed = madvise(map, count, MADV_RANDOM);
  // Unlike a touch, this fails if the file has become shorter. It waits for all pages, also if some were there already, one by one.
  if (!failed) failed = madvise(map, count, image_stores_populate_read);
  (void)munmap(map, count);
  return failed ? -1 : 0;
#else
  (void)descriptor, (void)offset, (void)count;
  return -1;
#endif
}

int image_stores_request(int descriptor) {
#if defined(__linux__)
  return posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
#else
  struct radvisory range = {.ra_offset = 0, .ra_count = 1 << 30};
  return fcntl(descriptor, F_RDADVISE, &range);
#endif
}

int image_stores_is_resident(int descriptor) {
#if defined(__linux__)
  char byte;
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  // Fails with EAGAIN if it would wait for a disk. A file system that cannot tell is taken to have it.
  return preadv2(descriptor, &part, 1, 0, RWF_NOWAIT) >= 0 || errno != EAGAIN;
#else
  (void)descriptor;
  return 1;
#endif
}
