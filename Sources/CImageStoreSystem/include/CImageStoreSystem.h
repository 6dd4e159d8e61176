// System calls that Swift's imported headers do not show.
#pragma once

#include <stddef.h>

/// Renames if nothing has the new name; -1 with errno EEXIST if something has, and with ENOSYS or
/// EINVAL if the system or the file system cannot do so in one step. Names are relative to open folders.
int image_stores_rename_exclusively(int from, const char *source, int to, const char *destination);

/// Exchanges the names of two files or folders; -1 with errno ENOSYS or EINVAL if that cannot be
/// done in one step. Names are relative to open folders.
int image_stores_exchange(int from, const char *first, int to, const char *second);

/// Gives one open file the extended attributes of another, access lists among them; -1 with errno, and with the name
/// of the attribute in `failed`, if one cannot be set. A file system without attributes has none to copy.
int image_stores_copy_attributes(int from, int to, char *failed, int capacity);

/// Opens a file by a path relative to a folder that cannot leave the folder: -1 with errno EXDEV if it
/// would. Symbolic links that stay within are followed on Linux, elsewhere they are refused with ELOOP or
/// ENOTDIR.
int image_stores_open_beneath(int folder, const char *path, int flags, int mode);

/// Waits until everything written to the file system of an open file is on the disk; -1 with errno ENOSYS
/// if the system has no such call.
int image_stores_sync_file_system(int descriptor);

/// Lets the disk begin to write a range of a file, without waiting for it; does nothing if the system has no
/// such call.
void image_stores_begin_writing(int descriptor, long long offset, long long count);

/// Gives the calling thread a name for debuggers and /proc; Linux takes at most 15 characters.
void image_stores_name_thread(const char *name);

/// How many pages of a map are in memory; -1 if the system does not say. `pages` is the beginning
/// of a page.
long image_stores_count_resident(const void *pages, size_t count);

/// Drops a range of a file from the system's cache if nothing has it mapped; does nothing if the system has no such call.
void image_stores_drop_cached(int descriptor, long long offset, long long count);

/// Fetches bytes of a file into pages that are as large as the system has them, and returns when they are there. 0 if it did so; nothing
/// has changed otherwise, and another way is needed.
int image_stores_fetch_large(int descriptor, long long offset, size_t count);

/// Has the system begin to read a file, without waiting for it.
int image_stores_request(int descriptor);

/// Whether the first byte of a file can be read without waiting for a disk; 1 if that cannot be told.
int image_stores_is_resident(int descriptor);
