// Failures of system calls and of allocations on request, and a record of the calls that change files, for tests.
// The definitions take the place of the C library's in the program they are linked into and in the shared libraries
// it loads (liblmdb, libhdf5), since an executable's symbols come first. Linux only, and not under sanitizers, which
// do the same.
#pragma once

/// Kinds of calls.
enum {
  FAULTS_WRITE = 1,      // write, pwrite, writev, pwritev
  FAULTS_SYNC = 2,       // fsync, fdatasync, msync, syncfs
  FAULTS_RENAME = 4,     // rename, renameat, renameat2, link, linkat
  FAULTS_RESIZE = 8,     // ftruncate, fallocate, posix_fallocate
  FAULTS_MAP = 16,       // mmap of a file
  FAULTS_ALLOCATE = 32,  // posix_memalign of the program; malloc, calloc and realloc of liblmdb
  FAULTS_OPEN = 64,      // open, openat, openat2, mkdir, mkdirat, symlink, symlinkat
  FAULTS_READ = 128,     // read, pread
  FAULTS_REMOVE = 256,   // unlink, unlinkat, rmdir
  FAULTS_ATTRIBUTE = 512 // chmod, chown, setxattr, removexattr and their kin
};

/// What happens at the chosen call.
enum {
  FAULTS_FAIL_ONCE = 0,    // it fails
  FAULTS_FAIL_ONWARDS = 1, // it fails and so do those after it, as on a full disk; the first write is cut in half
  FAULTS_KILL = 2          // the process is killed before it
};

/// Whether calls can be made to fail, and be recorded, in this build.
int faults_are_available(void);

/// Counts the calls of `kinds` from now on, and does `action` at number `call`, counted from 1; 0 counts only.
void faults_arm(unsigned kinds, long call, int error, int action);

/// Ends it; returns the number of calls counted.
long faults_disarm(void);

/// The name of the function that failed first since the last `faults_arm`, or an empty string.
const char *faults_failed_function(void);

/// Lets the system seem not to know renameat2, as old kernels and some file systems do not.
void faults_hide_renameat2(int hidden);

/// Kinds of changes.
enum {
  /// A file or folder was made under a name.
  CHANGE_FILE,
  CHANGE_FOLDER,
  /// A further name was given to what has one, or had one.
  CHANGE_LINK,
  /// A symbolic link was made; `other_name` is what it leads to.
  CHANGE_SYMBOLIC_LINK,
  /// Bytes were written at an offset; `flags` is 1 if the call returned only once they were on the disk.
  CHANGE_WRITE,
  /// A file has been cut or extended; `count` is its size.
  CHANGE_SIZE,
  /// Mode, owner or extended attributes have changed; `flags` is the mode.
  CHANGE_ATTRIBUTES,
  /// A file was mapped so that what is written to memory is written to it.
  CHANGE_MAP,
  /// A name was given up, or changed for another; `flags` are those of renameat2.
  CHANGE_REMOVAL,
  CHANGE_RENAME,
  /// A file or folder is on the disk, with its attributes if `flags` is 1; the whole file system is.
  CHANGE_SYNC,
  CHANGE_SYNC_ALL
};

/// A call that has changed something, or waited for the disk. Files and folders are their inodes.
typedef struct {
  int kind;
  unsigned flags;
  unsigned long long file;
  unsigned long long folder, other_folder;
  const char *name, *other_name;
  long long offset, count;
  const unsigned char *bytes;
  /// When the file was last written to, in nanoseconds, after a change of its bytes or size.
  long long modified;
} faults_change;

/// Records the changes to the file system of a folder from now on, in the order in which they happen.
void faults_record(const char *folder);

/// Ends it; returns how many there are.
long faults_end_record(void);

/// A change by its number, valid until the next record begins.
const faults_change *faults_recorded(long number);

/// Lets `stat` and its kin tell other inodes than files have: `numbers` are pairs of an inode and what is told instead. A disk
/// that has lost its power keeps the numbers of its files, and copies of them have others.
void faults_renumber(const unsigned long long *numbers, long count);

/// Kills the process after so many microseconds.
void faults_kill_after(long microseconds);

/// Lets no file grow beyond so many bytes, writing on failing with EFBIG; -1 lifts the limit.
void faults_limit_file_size(long bytes);

/// The most memory the process has had in use, in KiB.
long faults_peak_memory(void);

/// `fork`, which Swift does not show; 0 in the child.
int faults_fork(void);

/// An extended attribute of a file; returns how many bytes it has, or -1 if there is none or no room.
long faults_get_attribute(const char *path, const char *name, void *value, long capacity);

/// Gives a file an extended attribute; -1 if the file system has none.
int faults_set_attribute(const char *path, const char *name, const void *value, long count);

/// Removes a file, or a folder with all it has, whatever the bytes of its names; 0 if nothing is left. Links are not followed.
int faults_remove(const char *path);

/// Prints a line if a signal such as SIGSEGV ends the process from now on, so that it is known over what it fell.
void faults_note(const char *line);
