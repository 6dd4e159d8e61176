// What the files of this target share.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAULTS_SANITIZED 1
#endif
#endif

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__linux__) && defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__)) \
  && !defined(FAULTS_SANITIZED)
#define FAULTS_INTERPOSED 1
#include <sys/types.h>
#include <sys/uio.h>

/// What a call is to do.
enum { PROCEED, FAIL, HALVE };

/// What becomes of the next call of a kind.
int faults_decide(unsigned kind, const char *name);

/// Whether the caller at an address is of code whose allocations may fail.
int faults_may_fail_allocating(void *address, int includes_program);

/// Whether allocations are made to fail just now.
int faults_allocations_are_armed(void);

/// Whether renameat2 is to seem unknown.
int faults_renameat2_is_hidden(void);

/// Begins a call that may be recorded: returns whether calls are recorded, and holds other calls
/// back if so.
int record_begin(void);
/// Ends it.
void record_end(void);

// Of a call that has succeeded, between the two above. A path is relative to the folder that a descriptor leads
// to, or to the current folder.

/// Whether something is at a path.
int record_exists(int at, const char *path, int follows_links);
/// Where the next `write` of a descriptor goes; -1 if that is not known, as for a pipe.
off_t record_position(int descriptor);

void record_opened(int descriptor, int at, const char *path, int flags, int existed);
void record_write(int descriptor, off_t offset, const void *bytes, size_t count);
void record_parts(int descriptor, off_t offset, const struct iovec *parts, int count, size_t written);
/// Bytes that another call than a write has put there: they are read back.
void record_range(int descriptor, off_t offset, size_t count);
void record_size(int descriptor);
void record_map(int descriptor);
/// A change of mode, owner or extended attributes.
void record_attributes(int descriptor);
void record_attributes_at(int at, const char *path, int follows_links);
void record_sync(int descriptor, int includes_attributes);
void record_sync_all(void);
/// A file or folder that has come under a name.
void record_name(int kind, int at, const char *path);
void record_symbolic_link(const char *target, int at, const char *path);
void record_removal(int at, const char *path);
void record_rename(int from, const char *source, int to, const char *destination, unsigned flags);
#endif
