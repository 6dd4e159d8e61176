#define _GNU_SOURCE
#include "CImageStoreFaults.h"
#include "interposing.h"
#include <stddef.h>

#if defined(FAULTS_INTERPOSED)
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int is_recording;
/// Held from before a call until it is in the record, so that the record has the order in which things happen.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static dev_t device;
static faults_change *changes;
static long change_count, change_capacity;

int record_begin(void) {
  if (!atomic_load_explicit(&is_recording, memory_order_relaxed)) return 0;
  pthread_mutex_lock(&lock);
  return 1;
}

void record_end(void) { pthread_mutex_unlock(&lock); }

static void clear(void) {
  for (long i = 0; i < change_count; i++) {
    free((void *)changes[i].name);
    free((void *)changes[i].other_name);
    free((void *)changes[i].bytes);
  }
  change_count = 0;
}

void faults_record(const char *folder) {
  struct stat status;
  clear();
  device = stat(folder, &status) == 0 ? status.st_dev : 0;
  atomic_store(&is_recording, 1);
}

long faults_end_record(void) {
  atomic_store(&is_recording, 0);
  // What has begun ends.
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
  return change_count;
}

const faults_change *faults_recorded(long number) { return &changes[number]; }

static faults_change *add(int kind) {
  if (change_count == change_capacity) {
    change_capacity = change_capacity ? 2 * change_capacity : 256;
    changes = realloc(changes, (size_t)change_capacity * sizeof *changes);
    if (!changes) abort();
  }
  faults_change *change = &changes[change_count++];
  memset(change, 0, sizeof *change);
  change->kind = kind;
  return change;
}

static void *copy(const void *bytes, size_t count) {
  void *copied = malloc(count ? count : 1);
  if (!copied) abort();
  memcpy(copied, bytes, count);
  return copied;
}

/// Whether a descriptor leads to the recorded file system.
static int is_here(int descriptor, struct stat *status) {
  return fstat(descriptor, status) == 0 && status->st_dev == device;
}

int record_exists(int at, const char *path, int follows_links) {
  struct stat status;
  return fstatat(at, path, &status, follows_links ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

off_t record_position(int descriptor) {
  struct stat status;
  int flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (flags & O_APPEND) && fstat(descriptor, &status) == 0) return status.st_size;
  return lseek(descriptor, 0, SEEK_CUR);
}

static void note_time(faults_change *change, const struct stat *status) {
  change->modified = (long long)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/// The folder of a path and the last component.
static int find_folder(int at, const char *path, struct stat *folder, char name[NAME_MAX + 1]) {
  char parent[PATH_MAX];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  if (length >= sizeof parent) return 0;
  size_t start = length;
  while (start > 0 && path[start - 1] != '/') start--;
  if (length - start > NAME_MAX) return 0;
  memcpy(name, path + start, length - start);
  name[length - start] = 0;
  memcpy(parent, path, start);
  parent[start] = 0;
  return fstatat(at, start ? parent : ".", folder, 0) == 0 && folder->st_dev == device;
}

static faults_change *add_name(int kind, int at, const char *path) {
  struct stat folder, status;
  char name[NAME_MAX + 1];
  if (!find_folder(at, path, &folder, name) || fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) != 0) return NULL;
  faults_change *change = add(kind);
  change->folder = folder.st_ino;
  change->file = status.st_ino;
  change->flags = status.st_mode & 07777;
  change->name = copy(name, strlen(name) + 1);
  note_time(change, &status);
  return change;
}

void record_name(int kind, int at, const char *path) { add_name(kind, at, path); }

void record_symbolic_link(const char *target, int at, const char *path) {
  faults_change *change = add_name(CHANGE_SYMBOLIC_LINK, at, path);
  if (change) change->other_name = copy(target, strlen(target) + 1);
}

void record_opened(int descriptor, int at, const char *path, int flags, int existed) {
  struct stat status;
  if ((flags & __O_TMPFILE) == __O_TMPFILE) {
    // A file without a name, which it may be given later.
    if (is_here(descriptor, &status)) {
      faults_change *change = add(CHANGE_FILE);
      change->file = status.st_ino;
      change->flags = status.st_mode & 07777;
    }
  } else if ((flags & O_CREAT) && !existed) {
    record_name(CHANGE_FILE, at, path);
  } else if (flags & O_TRUNC) {
    record_size(descriptor);
  }
}

/// Whether a write returns only once the bytes are on the disk.
static unsigned waits(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & (O_DSYNC | O_SYNC)) != 0;
}

static void add_write(int descriptor, off_t offset, unsigned char *bytes, size_t count) {
  struct stat status;
  if (!is_here(descriptor, &status) || !S_ISREG(status.st_mode)) {
    free(bytes);
    return;
  }
  faults_change *change = add(CHANGE_WRITE);
  change->file = status.st_ino;
  change->flags = waits(descriptor);
  note_time(change, &status);
  change->offset = offset;
  change->count = (long long)count;
  change->bytes = bytes;
}

void record_write(int descriptor, off_t offset, const void *bytes, size_t count) {
  add_write(descriptor, offset, copy(bytes, count), count);
}

void record_parts(int descriptor, off_t offset, const struct iovec *parts, int count, size_t written) {
  unsigned char *bytes = malloc(written);
  if (!bytes) abort();
  size_t done = 0;
  for (int i = 0; i < count && done < written; i++) {
    size_t part = parts[i].iov_len < written - done ? parts[i].iov_len : written - done;
    memcpy(bytes + done, parts[i].iov_base, part);
    done += part;
  }
  add_write(descriptor, offset, bytes, written);
}

void record_range(int descriptor, off_t offset, size_t count) {
  // The descriptor may be for writing alone.
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  int reading = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  unsigned char *bytes = malloc(count);
  if (reading < 0 || !bytes) abort();
  if (pread(reading, bytes, count, offset) != (ssize_t)count) abort();
  close(reading);
  add_write(descriptor, offset, bytes, count);
}

void record_size(int descriptor) {
  struct stat status;
  if (is_here(descriptor, &status)) {
    faults_change *change = add(CHANGE_SIZE);
    change->file = status.st_ino;
    change->count = status.st_size;
    note_time(change, &status);
  }
}

static void add_attributes(const struct stat *status) {
  faults_change *change = add(CHANGE_ATTRIBUTES);
  change->file = status->st_ino;
  change->flags = status->st_mode & 07777;
}

void record_attributes(int descriptor) {
  struct stat status;
  if (is_here(descriptor, &status)) add_attributes(&status);
}

void record_attributes_at(int at, const char *path, int follows_links) {
  struct stat status;
  if (fstatat(at, path, &status, follows_links ? 0 : AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == device) {
    add_attributes(&status);
  }
}

void record_map(int descriptor) {
  struct stat status;
  if (is_here(descriptor, &status)) add(CHANGE_MAP)->file = status.st_ino;
}

void record_sync(int descriptor, int includes_attributes) {
  struct stat status;
  if (is_here(descriptor, &status)) {
    faults_change *change = add(CHANGE_SYNC);
    change->file = status.st_ino;
    change->flags = (unsigned)includes_attributes;
  }
}

void record_sync_all(void) { add(CHANGE_SYNC_ALL); }

void record_removal(int at, const char *path) {
  struct stat folder;
  char name[NAME_MAX + 1];
  if (find_folder(at, path, &folder, name)) {
    faults_change *change = add(CHANGE_REMOVAL);
    change->folder = folder.st_ino;
    change->name = copy(name, strlen(name) + 1);
  }
}

void record_rename(int from, const char *source, int to, const char *destination, unsigned flags) {
  struct stat folder, other;
  char name[NAME_MAX + 1], other_name[NAME_MAX + 1];
  if (find_folder(from, source, &folder, name) && find_folder(to, destination, &other, other_name)) {
    faults_change *change = add(CHANGE_RENAME);
    change->flags = flags;
    change->folder = folder.st_ino;
    change->name = copy(name, strlen(name) + 1);
    change->other_folder = other.st_ino;
    change->other_name = copy(other_name, strlen(other_name) + 1);
  }
}

#else
void faults_record(const char *folder) { (void)folder; }
long faults_end_record(void) { return 0; }
const faults_change *faults_recorded(long number) { return (void)number, NULL; }
#endif
