#define _GNU_SOURCE  // sync_file_range
#include "CImageStoreSystem.h"
#include <fcntl.h>

void image_stores_begin_writing(int descriptor, long long offset, long long count) {
#if defined(__linux__)
  // This is advice only: the call that waits for the data reports what cannot be written.
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor, (void)offset, (void)count;
#endif
}
