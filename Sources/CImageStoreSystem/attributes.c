#include "CImageStoreSystem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

#if defined(__APPLE__)
static ssize_t list_names(int file, char *names, size_t size) { return flistxattr(file, names, size, 0); }
static ssize_t get_value(int file, const char *name, void *value, size_t size) {
  return fgetxattr(file, name, value, size, 0, 0);
}
static int set_value(int file, const char *name, const void *value, size_t size) {
  return fsetxattr(file, name, value, size, 0, 0);
}
#else
static ssize_t list_names(int file, char *names, size_t size) { return flistxattr(file, names, size); }
static ssize_t get_value(int file, const char *name, void *value, size_t size) {
  return fgetxattr(file, name, value, size);
}
static int set_value(int file, const char *name, const void *value, size_t size) {
  return fsetxattr(file, name, value, size, 0);
}
#endif

static int copy_value(int from, int to, const char *name) {
  ssize_t size = get_value(from, name, NULL, 0);
  if (size < 0) return -1;
  char *value = malloc(size ? (size_t)size : 1), *there = malloc(size ? (size_t)size : 1);
  int result = -1;
  if (!value || !there) {
    errno = ENOMEM;
  } else if ((size = get_value(from, name, value, (size_t)size)) >= 0) {
    // The system may already have given the new file the same attributes, as it does with labels
    // and default lists.
    if (get_value(to, name, there, (size_t)size) == size && memcmp(value, there, (size_t)size) == 0) {
      result = 0;
    } else {
      result = set_value(to, name, value, (size_t)size);
    }
  }
  int reason = errno;
  free(value), free(there);
  errno = reason;
  return result;
}

int image_stores_copy_attributes(int from, int to, char *failed, int capacity) {
  if (capacity > 0) failed[0] = 0;
  ssize_t size = list_names(from, NULL, 0);
  if (size < 0) return errno == ENOTSUP || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -1;
  if (size == 0) return 0;
  char *names = malloc((size_t)size);
  if (!names) {
    errno = ENOMEM;
    return -1;
  }
  int result = 0;
  size = list_names(from, names, (size_t)size);
  if (size < 0) result = -1;
  for (char *name = names; result == 0 && name < names + size; name += strlen(name) + 1) {
    result = copy_value(from, to, name);
    if (result != 0 && capacity > 0) {
      strncpy(failed, name, (size_t)capacity - 1);
      failed[capacity - 1] = 0;
    }
  }
  int reason = errno;
  free(names);
  errno = reason;
  return result;
}
