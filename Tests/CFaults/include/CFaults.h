// Failures of system calls and of allocations on request, for tests. The definitions take the place of the
// C library's in the program they are linked into and in the shared libraries it loads (liblmdb, libhdf5),
// since an executable's symbols come first. Linux only, and not under sanitizers, which do the same.
#pragma once

/// Kinds of calls.
enum {
  FAULTS_WRITE = 1,     // write, pwrite, writev, pwritev
  FAULTS_SYNC = 2,      // fsync, fdatasync, msync, syncfs
  FAULTS_RENAME = 4,    // rename, renameat2
  FAULTS_RESIZE = 8,    // ftruncate
  FAULTS_MAP = 16,      // mmap of a file
  FAULTS_ALLOCATE = 32, // posix_memalign of the program; malloc, calloc and realloc of liblmdb
  FAULTS_OPEN = 64,     // open, openat, openat2, mkdir, mkdirat
  FAULTS_READ = 128     // read, pread
};

/// What happens at the chosen call.
enum {
  FAULTS_FAIL_ONCE = 0,   // it fails
  FAULTS_FAIL_ONWARDS = 1, // it fails and so do those after it, as on a full disk; the first write is cut in half
  FAULTS_KILL = 2         // the process is killed before it
};

/// Whether calls can be made to fail in this build.
int faults_are_available(void);

/// Counts the calls of `kinds` from now on, and does `action` at number `call`, counted from 1; 0 counts only.
void faults_arm(unsigned kinds, long call, int error, int action);

/// Ends it; returns the number of calls counted.
long faults_disarm(void);

/// The name of the function that failed first since the last `faults_arm`, or an empty string.
const char *faults_failed_function(void);

/// Lets the system seem not to know renameat2, as old kernels and some file systems do not.
void faults_hide_renameat2(int hidden);

/// Kills the process after so many microseconds.
void faults_kill_after(long microseconds);

/// Lets no file grow beyond so many bytes, writing on failing with EFBIG; -1 lifts the limit.
void faults_limit_file_size(long bytes);

/// `fork`, which Swift does not show; 0 in the child.
int faults_fork(void);
