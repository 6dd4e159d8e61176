#define _GNU_SOURCE  // syncfs, openat2's number
#include "CImageStoreSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// Every component opened without following links, for systems that cannot check a path in one call.
static int open_by_components(int folder, const char *path, int flags, int mode) {
  char part[256];
  int at = folder;
  for (;;) {
    const char *slash = strchr(path, '/');
    if (!slash) break;
    size_t length = (size_t)(slash - path);
    if (length >= sizeof part) {
      if (at != folder) close(at);
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(part, path, length);
    part[length] = 0;
    path = slash + 1;
    if (length == 0 || strcmp(part, ".") == 0) continue;
    int next = strcmp(part, "..") == 0
                   ? (errno = EXDEV, -1)
                   : openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int reason = errno;
    if (at != folder) close(at);
    // A link where a folder is wanted: ENOTDIR on some systems.
    errno = reason;
    if (next < 0) return -1;
    at = next;
  }
  int file = openat(at, path, flags | O_NOFOLLOW, mode);
  int reason = errno;
  if (at != folder) close(at);
  errno = reason;
  return file;
}

#if defined(__linux__)
#include <sys/syscall.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

// As linux/openat2.h has them, which older headers do not.
struct how {
  uint64_t flags, mode, resolve;
};
enum { RESOLVE_NO_MAGICLINKS_ = 0x02, RESOLVE_BENEATH_ = 0x08 };

int image_stores_open_beneath(int folder, const char *path, int flags, int mode) {
  static int is_missing;
  if (!__atomic_load_n(&is_missing, __ATOMIC_RELAXED)) {
    struct how how = {(uint64_t)(uint32_t)flags, flags & O_CREAT ? (uint64_t)mode : 0,
                      RESOLVE_BENEATH_ | RESOLVE_NO_MAGICLINKS_};
    long file;
    // EAGAIN: something was renamed in the meantime.
    for (int tries = 0; tries < 32; tries++) {
      file = syscall(SYS_openat2, folder, path, &how, sizeof how);
      if (file >= 0 || errno != EAGAIN) break;
    }
    if (file >= 0) return (int)file;
    // Before Linux 5.6, or if a container's filter does not know the call.
    if (errno != ENOSYS && errno != EPERM) return -1;
    if (errno == ENOSYS) __atomic_store_n(&is_missing, 1, __ATOMIC_RELAXED);
  }
  return open_by_components(folder, path, flags, mode);
}

int image_stores_sync_file_system(int descriptor) { return syncfs(descriptor); }
#else
int image_stores_open_beneath(int folder, const char *path, int flags, int mode) {
  return open_by_components(folder, path, flags, mode);
}

int image_stores_sync_file_system(int descriptor) {
  (void)descriptor;
  errno = ENOSYS;
  return -1;
}
#endif
