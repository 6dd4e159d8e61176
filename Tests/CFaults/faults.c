#define _GNU_SOURCE
#include "CFaults.h"
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAULTS_SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__)) \
  && !defined(FAULTS_SANITIZED)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

static atomic_int renameat2_is_hidden;
static atomic_uint armed;
static atomic_long calls;
static atomic_int has_failed;
static long chosen;
static int error_number, chosen_action;
static const char *_Atomic failed_function = "";

/// Code whose allocations may fail: that of the program, and of liblmdb. Not that of Swift's runtime, which
/// ends the process when it gets no memory, nor of libhdf5: once it has been refused memory, release 1.10.8
/// fails in whatever is asked of it, or crashes.
static struct {
  uintptr_t start, end;
  int is_program;
} regions[16];
static int region_count;

static int note_code(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  int is_program = info->dlpi_name[0] == 0;
  if (!is_program && !strstr(info->dlpi_name, "liblmdb")) return 0;
  for (int i = 0; i < info->dlpi_phnum && region_count < 16; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    regions[region_count].start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    regions[region_count].end = regions[region_count].start + info->dlpi_phdr[i].p_memsz;
    regions[region_count].is_program = is_program;
    region_count++;
  }
  return 0;
}

static int may_fail(void *address, int includes_program) {
  for (int i = 0; i < region_count; i++) {
    if ((uintptr_t)address >= regions[i].start && (uintptr_t)address < regions[i].end) {
      return includes_program || !regions[i].is_program;
    }
  }
  return 0;
}

int faults_are_available(void) { return 1; }

void faults_hide_renameat2(int hidden) { atomic_store(&renameat2_is_hidden, hidden); }

void faults_arm(unsigned kinds, long call, int error, int action) {
  if (region_count == 0) dl_iterate_phdr(note_code, NULL);
  chosen = call;
  error_number = error;
  chosen_action = action;
  atomic_store(&calls, 0);
  atomic_store(&has_failed, 0);
  atomic_store(&failed_function, "");
  atomic_store(&armed, kinds);
}

long faults_disarm(void) {
  atomic_store(&armed, 0);
  return atomic_load(&calls);
}

const char *faults_failed_function(void) { return atomic_load(&failed_function); }

/// What a call is to do.
enum { PROCEED, FAIL, HALVE };

static int decide(unsigned kind, const char *name) {
  if (!(atomic_load_explicit(&armed, memory_order_relaxed) & kind)) return PROCEED;
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (number != chosen && !(chosen_action == FAULTS_FAIL_ONWARDS && chosen > 0 && number > chosen)) {
    return PROCEED;
  }
  if (chosen_action == FAULTS_KILL) kill(getpid(), SIGKILL);
  int is_first = !atomic_exchange(&has_failed, 1);
  if (is_first) atomic_store(&failed_function, name);
  if (is_first && kind == FAULTS_WRITE && chosen_action == FAULTS_FAIL_ONWARDS) return HALVE;
  errno = error_number;
  return FAIL;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define EXPORTED __attribute__((visibility("default")))

#define WRITER(name, parameters, arguments, halved) \
  EXPORTED ssize_t name parameters { \
    REAL(name); \
    if (descriptor > 2) { \
      switch (decide(FAULTS_WRITE, #name)) { \
      case FAIL: return -1; \
      case HALVE: return halved; \
      } \
    } \
    return real arguments; \
  }

static size_t half(size_t count) { return count > 1 ? count / 2 : count; }

WRITER(write, (int descriptor, const void *bytes, size_t count), (descriptor, bytes, count),
       real(descriptor, bytes, half(count)))
WRITER(pwrite, (int descriptor, const void *bytes, size_t count, off_t offset),
       (descriptor, bytes, count, offset), real(descriptor, bytes, half(count), offset))
WRITER(pwrite64, (int descriptor, const void *bytes, size_t count, off64_t offset),
       (descriptor, bytes, count, offset), real(descriptor, bytes, half(count), offset))
WRITER(writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count),
       real(descriptor, parts, (int)half((size_t)count)))
WRITER(pwritev, (int descriptor, const struct iovec *parts, int count, off_t offset),
       (descriptor, parts, count, offset), real(descriptor, parts, (int)half((size_t)count), offset))

#define CALL(kind, type, failure, name, parameters, arguments) \
  EXPORTED type name parameters { \
    REAL(name); \
    if (decide(kind, #name) == FAIL) return failure; \
    return real arguments; \
  }

CALL(FAULTS_READ, ssize_t, -1, read, (int descriptor, void *bytes, size_t count), (descriptor, bytes, count))
CALL(FAULTS_READ, ssize_t, -1, pread, (int descriptor, void *bytes, size_t count, off_t offset),
     (descriptor, bytes, count, offset))
CALL(FAULTS_READ, ssize_t, -1, pread64, (int descriptor, void *bytes, size_t count, off64_t offset),
     (descriptor, bytes, count, offset))
CALL(FAULTS_SYNC, int, -1, fsync, (int descriptor), (descriptor))
CALL(FAULTS_SYNC, int, -1, fdatasync, (int descriptor), (descriptor))
CALL(FAULTS_SYNC, int, -1, syncfs, (int descriptor), (descriptor))
CALL(FAULTS_SYNC, int, -1, msync, (void *start, size_t count, int flags), (start, count, flags))
CALL(FAULTS_RENAME, int, -1, rename, (const char *source, const char *destination), (source, destination))
CALL(FAULTS_RESIZE, int, -1, ftruncate, (int descriptor, off_t count), (descriptor, count))
CALL(FAULTS_RESIZE, int, -1, ftruncate64, (int descriptor, off64_t count), (descriptor, count))
CALL(FAULTS_OPEN, int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(FAULTS_OPEN, int, -1, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))

#define MAPPER(name, offset_type) \
  EXPORTED void *name(void *start, size_t count, int protection, int flags, int descriptor, offset_type offset) { \
    REAL(name); \
    if (descriptor >= 0 && decide(FAULTS_MAP, #name) == FAIL) return MAP_FAILED; \
    return real(start, count, protection, flags, descriptor, offset); \
  }
MAPPER(mmap, off_t)
MAPPER(mmap64, off64_t)

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | (__O_TMPFILE & ~O_DIRECTORY)) ? va_arg(list, mode_t) : 0;
}

#define OPENER(name) \
  EXPORTED int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list list; \
    va_start(list, flags); \
    mode_t mode = mode_of(flags, list); \
    va_end(list); \
    if (decide(FAULTS_OPEN, #name) == FAIL) return -1; \
    return real(path, flags, mode); \
  }
OPENER(open)
OPENER(open64)

#define FOLDER_OPENER(name) \
  EXPORTED int name(int folder, const char *path, int flags, ...) { \
    REAL(name); \
    va_list list; \
    va_start(list, flags); \
    mode_t mode = mode_of(flags, list); \
    va_end(list); \
    if (decide(FAULTS_OPEN, #name) == FAIL) return -1; \
    return real(folder, path, flags, mode); \
  }
FOLDER_OPENER(openat)
FOLDER_OPENER(openat64)

// The calls that CSystem makes by number.
EXPORTED long syscall(long number, ...) {
  REAL(syscall);
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (int i = 0; i < 6; i++) arguments[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_renameat2 && atomic_load(&renameat2_is_hidden)) {
    errno = ENOSYS;
    return -1;
  }
  if (number == SYS_renameat2 && decide(FAULTS_RENAME, "renameat2") == FAIL) return -1;
#ifdef SYS_openat2
  if (number == SYS_openat2 && decide(FAULTS_OPEN, "openat2") == FAIL) return -1;
#endif
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

EXPORTED int posix_memalign(void **result, size_t alignment, size_t size) {
  REAL(posix_memalign);
  if (may_fail(__builtin_return_address(0), 1) && decide(FAULTS_ALLOCATE, "posix_memalign") == FAIL) {
    return ENOMEM;
  }
  return real(result, alignment, size);
}

// dlsym itself allocates, so these reach the C library's by their inner names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

#define LIBRARY_ALLOCATION_FAILS(name) \
  (atomic_load_explicit(&armed, memory_order_relaxed) & FAULTS_ALLOCATE \
   && may_fail(__builtin_return_address(0), 0) && decide(FAULTS_ALLOCATE, name) == FAIL)

EXPORTED void *malloc(size_t size) {
  return LIBRARY_ALLOCATION_FAILS("malloc") ? NULL : __libc_malloc(size);
}
EXPORTED void *calloc(size_t count, size_t size) {
  return LIBRARY_ALLOCATION_FAILS("calloc") ? NULL : __libc_calloc(count, size);
}
EXPORTED void *realloc(void *old, size_t size) {
  return LIBRARY_ALLOCATION_FAILS("realloc") ? NULL : __libc_realloc(old, size);
}

#else
int faults_are_available(void) { return 0; }
void faults_hide_renameat2(int hidden) { (void)hidden; }
void faults_arm(unsigned kinds, long call, int error, int action) {
  (void)kinds, (void)call, (void)error, (void)action;
}
long faults_disarm(void) { return 0; }
const char *faults_failed_function(void) { return ""; }
#endif
