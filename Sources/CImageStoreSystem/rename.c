#define _GNU_SOURCE  // declares the number of renameat2
#include "CImageStoreSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__APPLE__)
int image_stores_rename_exclusively(int from, const char *source, int to, const char *destination) {
  return renameatx_np(from, source, to, destination, RENAME_EXCL);
}
int image_stores_exchange(int from, const char *first, int to, const char *second) {
  return renameatx_np(from, first, to, second, RENAME_SWAP);
}
#elif defined(__linux__)
#include <sys/syscall.h>
// By number, since not every C library has the function: 1 is RENAME_NOREPLACE, 2 RENAME_EXCHANGE.
int image_stores_rename_exclusively(int from, const char *source, int to, const char *destination) {
  return (int)syscall(SYS_renameat2, from, source, to, destination, 1u);
}
int image_stores_exchange(int from, const char *first, int to, const char *second) {
  return (int)syscall(SYS_renameat2, from, first, to, second, 2u);
}
#else
int image_stores_rename_exclusively(int from, const char *source, int to, const char *destination) {
  (void)from, (void)source, (void)to, (void)destination;
  errno = ENOSYS;
  return -1;
}
int image_stores_exchange(int from, const char *first, int to, const char *second) {
  (void)from, (void)first, (void)to, (void)second;
  errno = ENOSYS;
  return -1;
}
#endif
