#define _GNU_SOURCE
#include "CImageStoreFaults.h"
#include "interposing.h"

#if defined(FAULTS_INTERPOSED)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define EXPORTED __attribute__((visibility("default")))

static size_t half(size_t count) { return count > 1 ? count / 2 : count; }

// Writes. `position` is where the bytes go, found out before the call where it does not say so.

#define WRITER(name, parameters, arguments, halved, position, record) \
  EXPORTED ssize_t name parameters { \
    REAL(name); \
    int decision = descriptor > 2 ? faults_decide(FAULTS_WRITE, #name) : PROCEED; \
    if (decision == FAIL) return -1; \
    int is_recorded = record_begin(); \
    off_t start = is_recorded ? position : -1; \
    ssize_t written = decision == HALVE ? halved : real arguments; \
    if (is_recorded) { \
      if (written > 0 && start >= 0) record; \
      record_end(); \
    } \
    return written; \
  }

WRITER(write, (int descriptor, const void *bytes, size_t count), (descriptor, bytes, count),
       real(descriptor, bytes, half(count)), record_position(descriptor),
       record_write(descriptor, start, bytes, (size_t)written))
WRITER(pwrite, (int descriptor, const void *bytes, size_t count, off_t offset),
       (descriptor, bytes, count, offset), real(descriptor, bytes, half(count), offset), offset,
       record_write(descriptor, start, bytes, (size_t)written))
WRITER(pwrite64, (int descriptor, const void *bytes, size_t count, off64_t offset),
       (descriptor, bytes, count, offset), real(descriptor, bytes, half(count), offset), offset,
       record_write(descriptor, start, bytes, (size_t)written))
WRITER(writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count),
       real(descriptor, parts, (int)half((size_t)count)), record_position(descriptor),
       record_parts(descriptor, start, parts, count, (size_t)written))
WRITER(pwritev, (int descriptor, const struct iovec *parts, int count, off_t offset),
       (descriptor, parts, count, offset), real(descriptor, parts, (int)half((size_t)count), offset), offset,
       record_parts(descriptor, start, parts, count, (size_t)written))
WRITER(pwritev64, (int descriptor, const struct iovec *parts, int count, off64_t offset),
       (descriptor, parts, count, offset), real(descriptor, parts, (int)half((size_t)count), offset), offset,
       record_parts(descriptor, start, parts, count, (size_t)written))
WRITER(sendfile, (int descriptor, int source, off_t *offset, size_t count), (descriptor, source, offset, count),
       real(descriptor, source, offset, half(count)), record_position(descriptor),
       record_range(descriptor, start, (size_t)written))
WRITER(copy_file_range,
       (int source, off64_t *source_offset, int descriptor, off64_t *offset, size_t count, unsigned flags),
       (source, source_offset, descriptor, offset, count, flags),
       real(source, source_offset, descriptor, offset, half(count), flags),
       (offset ? *offset : record_position(descriptor)), record_range(descriptor, start, (size_t)written))

/// A call that fails on request; `record` is done of one that has succeeded.
#define CALL(kind, type, name, parameters, arguments, record) \
  EXPORTED type name parameters { \
    REAL(name); \
    if (faults_decide(kind, #name) == FAIL) return -1; \
    int is_recorded = record_begin(); \
    type result = real arguments; \
    if (is_recorded) { \
      if (result >= 0) record; \
      record_end(); \
    } \
    return result; \
  }

// libdispatch looks at its threads at times of its own, and ends the process if it may not: such calls do not fail.
static _Thread_local int threads_descriptor = -1;
static int is_of_threads(const char *path) {
  return strncmp(path, "/proc/", 6) == 0 && path[6] >= '0' && path[6] <= '9';
}

#define READER(name, parameters, arguments) \
  EXPORTED ssize_t name parameters { \
    REAL(name); \
    if (descriptor != threads_descriptor && faults_decide(FAULTS_READ, #name) == FAIL) return -1; \
    return real arguments; \
  }

READER(read, (int descriptor, void *bytes, size_t count), (descriptor, bytes, count))
READER(pread, (int descriptor, void *bytes, size_t count, off_t offset), (descriptor, bytes, count, offset))
READER(pread64, (int descriptor, void *bytes, size_t count, off64_t offset), (descriptor, bytes, count, offset))

CALL(FAULTS_SYNC, int, fsync, (int descriptor), (descriptor), record_sync(descriptor, 1))
CALL(FAULTS_SYNC, int, fdatasync, (int descriptor), (descriptor), record_sync(descriptor, 0))
CALL(FAULTS_SYNC, int, syncfs, (int descriptor), (descriptor), record_sync_all())
// Of a map nothing is known but that it is one, so waiting for it is taken for no wait.
CALL(FAULTS_SYNC, int, msync, (void *start, size_t count, int flags), (start, count, flags), (void)0)

CALL(FAULTS_RESIZE, int, ftruncate, (int descriptor, off_t count), (descriptor, count), record_size(descriptor))
CALL(FAULTS_RESIZE, int, ftruncate64, (int descriptor, off64_t count), (descriptor, count), record_size(descriptor))
CALL(FAULTS_RESIZE, int, fallocate, (int descriptor, int mode, off_t offset, off_t count),
     (descriptor, mode, offset, count), record_size(descriptor))
CALL(FAULTS_RESIZE, int, fallocate64, (int descriptor, int mode, off64_t offset, off64_t count),
     (descriptor, mode, offset, count), record_size(descriptor))

#define ALLOCATOR(name, type) \
  EXPORTED int name(int descriptor, type offset, type count) { \
    REAL(name); \
    if (faults_decide(FAULTS_RESIZE, #name) == FAIL) return errno; \
    int is_recorded = record_begin(); \
    int result = real(descriptor, offset, count); \
    if (is_recorded) { \
      if (result == 0) record_size(descriptor); \
      record_end(); \
    } \
    return result; \
  }
ALLOCATOR(posix_fallocate, off_t)
ALLOCATOR(posix_fallocate64, off64_t)

CALL(FAULTS_OPEN, int, mkdir, (const char *path, mode_t mode), (path, mode),
     record_name(CHANGE_FOLDER, AT_FDCWD, path))
CALL(FAULTS_OPEN, int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode),
     record_name(CHANGE_FOLDER, folder, path))

CALL(FAULTS_REMOVE, int, unlink, (const char *path), (path), record_removal(AT_FDCWD, path))
CALL(FAULTS_REMOVE, int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags),
     record_removal(folder, path))
CALL(FAULTS_REMOVE, int, rmdir, (const char *path), (path), record_removal(AT_FDCWD, path))
CALL(FAULTS_REMOVE, int, remove, (const char *path), (path), record_removal(AT_FDCWD, path))

CALL(FAULTS_RENAME, int, rename, (const char *source, const char *destination), (source, destination),
     record_rename(AT_FDCWD, source, AT_FDCWD, destination, 0))
CALL(FAULTS_RENAME, int, renameat, (int from, const char *source, int to, const char *destination),
     (from, source, to, destination), record_rename(from, source, to, destination, 0))
CALL(FAULTS_RENAME, int, link, (const char *source, const char *destination), (source, destination),
     record_name(CHANGE_LINK, AT_FDCWD, destination))
CALL(FAULTS_RENAME, int, linkat, (int from, const char *source, int to, const char *destination, int flags),
     (from, source, to, destination, flags), record_name(CHANGE_LINK, to, destination))
CALL(FAULTS_OPEN, int, symlink, (const char *target, const char *path), (target, path),
     record_symbolic_link(target, AT_FDCWD, path))
CALL(FAULTS_OPEN, int, symlinkat, (const char *target, int folder, const char *path), (target, folder, path),
     record_symbolic_link(target, folder, path))

EXPORTED int renameat2(int from, const char *source, int to, const char *destination, unsigned flags) {
  REAL(renameat2);
  if (faults_renameat2_is_hidden()) {
    errno = ENOSYS;
    return -1;
  }
  if (faults_decide(FAULTS_RENAME, "renameat2") == FAIL) return -1;
  int is_recorded = record_begin();
  int result = real(from, source, to, destination, flags);
  if (is_recorded) {
    if (result == 0) record_rename(from, source, to, destination, flags);
    record_end();
  }
  return result;
}

CALL(FAULTS_ATTRIBUTE, int, chmod, (const char *path, mode_t mode), (path, mode),
     record_attributes_at(AT_FDCWD, path, 1))
CALL(FAULTS_ATTRIBUTE, int, fchmod, (int descriptor, mode_t mode), (descriptor, mode),
     record_attributes(descriptor))
CALL(FAULTS_ATTRIBUTE, int, fchmodat, (int folder, const char *path, mode_t mode, int flags),
     (folder, path, mode, flags), record_attributes_at(folder, path, !(flags & AT_SYMLINK_NOFOLLOW)))
CALL(FAULTS_ATTRIBUTE, int, chown, (const char *path, uid_t owner, gid_t group), (path, owner, group),
     record_attributes_at(AT_FDCWD, path, 1))
CALL(FAULTS_ATTRIBUTE, int, lchown, (const char *path, uid_t owner, gid_t group), (path, owner, group),
     record_attributes_at(AT_FDCWD, path, 0))
CALL(FAULTS_ATTRIBUTE, int, fchown, (int descriptor, uid_t owner, gid_t group), (descriptor, owner, group),
     record_attributes(descriptor))
CALL(FAULTS_ATTRIBUTE, int, fchownat, (int folder, const char *path, uid_t owner, gid_t group, int flags),
     (folder, path, owner, group, flags), record_attributes_at(folder, path, !(flags & AT_SYMLINK_NOFOLLOW)))
CALL(FAULTS_ATTRIBUTE, int, setxattr,
     (const char *path, const char *name, const void *value, size_t count, int flags),
     (path, name, value, count, flags), record_attributes_at(AT_FDCWD, path, 1))
CALL(FAULTS_ATTRIBUTE, int, lsetxattr,
     (const char *path, const char *name, const void *value, size_t count, int flags),
     (path, name, value, count, flags), record_attributes_at(AT_FDCWD, path, 0))
CALL(FAULTS_ATTRIBUTE, int, fsetxattr,
     (int descriptor, const char *name, const void *value, size_t count, int flags),
     (descriptor, name, value, count, flags), record_attributes(descriptor))
CALL(FAULTS_ATTRIBUTE, int, fremovexattr, (int descriptor, const char *name), (descriptor, name),
     record_attributes(descriptor))

#define MAPPER(name, offset_type) \
  EXPORTED void *name(void *start, size_t count, int protection, int flags, int descriptor, offset_type offset) { \
    REAL(name); \
    if (descriptor >= 0 && faults_decide(FAULTS_MAP, #name) == FAIL) return MAP_FAILED; \
    void *result = real(start, count, protection, flags, descriptor, offset); \
    if (descriptor >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && record_begin()) { \
      if (result != MAP_FAILED) record_map(descriptor); \
      record_end(); \
    } \
    return result; \
  }
MAPPER(mmap, off_t)
MAPPER(mmap64, off64_t)

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | (__O_TMPFILE & ~O_DIRECTORY)) ? va_arg(list, mode_t) : 0;
}

#define OPENER(name, parameters, at, arguments) \
  EXPORTED int name parameters { \
    REAL(name); \
    va_list list; \
    va_start(list, flags); \
    mode_t mode = mode_of(flags, list); \
    va_end(list); \
    if (!is_of_threads(path) && faults_decide(FAULTS_OPEN, #name) == FAIL) return -1; \
    int is_recorded = record_begin(); \
    int existed = is_recorded && record_exists(at, path, !(flags & (O_NOFOLLOW | O_EXCL))); \
    int result = real arguments; \
    if (is_of_threads(path)) threads_descriptor = result; \
    else if (result == threads_descriptor) threads_descriptor = -1; \
    if (is_recorded) { \
      if (result >= 0) record_opened(result, at, path, flags, existed); \
      record_end(); \
    } \
    return result; \
  }
OPENER(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENER(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENER(openat, (int folder, const char *path, int flags, ...), folder, (folder, path, flags, mode))
OPENER(openat64, (int folder, const char *path, int flags, ...), folder, (folder, path, flags, mode))

// The calls that CImageStoreSystem makes by number.
EXPORTED long syscall(long number, ...) {
  REAL(syscall);
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (int i = 0; i < 6; i++) arguments[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_renameat2) {
    return renameat2(
      (int)arguments[0], (const char *)arguments[1], (int)arguments[2], (const char *)arguments[3],
      (unsigned)arguments[4]);
  }
  int opens = 0, flags = 0;
#ifdef SYS_openat2
  if (number == SYS_openat2) {
    if (faults_decide(FAULTS_OPEN, "openat2") == FAIL) return -1;
    opens = 1;
    // The first member of its structure.
    uint64_t first;
    memcpy(&first, (const void *)arguments[2], sizeof first);
    flags = (int)first;
  }
#endif
  int folder = (int)arguments[0];
  const char *path = (const char *)arguments[1];
  int is_recorded = opens && record_begin();
  int existed = is_recorded && record_exists(folder, path, !(flags & (O_NOFOLLOW | O_EXCL)));
  long result =
    real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
  if (is_recorded) {
    if (result >= 0) record_opened((int)result, folder, path, flags, existed);
    record_end();
  }
  return result;
}

EXPORTED int posix_memalign(void **result, size_t alignment, size_t size) {
  REAL(posix_memalign);
  if (faults_may_fail_allocating(__builtin_return_address(0), 1)
      && faults_decide(FAULTS_ALLOCATE, "posix_memalign") == FAIL) {
    return ENOMEM;
  }
  return real(result, alignment, size);
}

// dlsym itself allocates, so these reach the C library's by their inner names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

#define LIBRARY_ALLOCATION_FAILS(name) \
  (faults_allocations_are_armed() && faults_may_fail_allocating(__builtin_return_address(0), 0) \
   && faults_decide(FAULTS_ALLOCATE, name) == FAIL)

EXPORTED void *malloc(size_t size) {
  return LIBRARY_ALLOCATION_FAILS("malloc") ? NULL : __libc_malloc(size);
}
EXPORTED void *calloc(size_t count, size_t size) {
  return LIBRARY_ALLOCATION_FAILS("calloc") ? NULL : __libc_calloc(count, size);
}
EXPORTED void *realloc(void *old, size_t size) {
  return LIBRARY_ALLOCATION_FAILS("realloc") ? NULL : __libc_realloc(old, size);
}
#endif
