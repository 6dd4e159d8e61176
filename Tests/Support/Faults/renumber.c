#define _GNU_SOURCE
#include "CImageStoreFaults.h"
#include "interposing.h"

#if defined(FAULTS_INTERPOSED)
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned long long *numbers;
static long number_count;

void faults_renumber(const unsigned long long *pairs, long count) {
  free(numbers);
  numbers = malloc((size_t)(count ? count : 1) * 2 * sizeof *numbers);
  if (!numbers) abort();
  memcpy(numbers, pairs, (size_t)count * 2 * sizeof *numbers);
  number_count = count;
}

static ino_t number(ino_t inode) {
  for (long i = 0; i < number_count; i++) {
    if (numbers[2 * i] == inode) return numbers[2 * i + 1];
  }
  return inode;
}

#define ASKER(name, type, parameters, arguments) \
  __attribute__((visibility("default"))) int name parameters { \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
    int result = real arguments; \
    if (result == 0 && number_count > 0) status->st_ino = number(status->st_ino); \
    return result; \
  }

#define ASKERS(suffix, type) \
  ASKER(stat##suffix, type, (const char *path, type *status), (path, status)) \
  ASKER(lstat##suffix, type, (const char *path, type *status), (path, status)) \
  ASKER(fstat##suffix, type, (int descriptor, type *status), (descriptor, status)) \
  ASKER(fstatat##suffix, type, (int folder, const char *path, type *status, int flags), \
        (folder, path, status, flags))

ASKERS(, struct stat)
ASKERS(64, struct stat64)

#else
void faults_renumber(const unsigned long long *pairs, long count) { (void)pairs, (void)count; }
#endif
