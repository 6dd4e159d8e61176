#define _GNU_SOURCE  // renameat2's number stands behind it
#include "CSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__APPLE__)
int image_stores_rename_exclusively(const char *source, const char *destination) {
  return renamex_np(source, destination, RENAME_EXCL);
}
int image_stores_exchange(const char *first, const char *second) {
  return renamex_np(first, second, RENAME_SWAP);
}
#elif defined(__linux__)
#include <sys/syscall.h>
// By number, since not every C library has the function: 1 is RENAME_NOREPLACE, 2 RENAME_EXCHANGE.
int image_stores_rename_exclusively(const char *source, const char *destination) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, source, AT_FDCWD, destination, 1u);
}
int image_stores_exchange(const char *first, const char *second) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, 2u);
}
#else
int image_stores_rename_exclusively(const char *source, const char *destination) {
  (void)source, (void)destination;
  errno = ENOSYS;
  return -1;
}
int image_stores_exchange(const char *first, const char *second) {
  (void)first, (void)second;
  errno = ENOSYS;
  return -1;
}
#endif
