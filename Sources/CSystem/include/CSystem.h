// System calls that Swift's imported headers do not show.
#pragma once

/// Renames where nothing has the new name; -1 with errno EEXIST where something has, and with ENOSYS or
/// EINVAL where the system or the file system cannot do so in one step.
int image_stores_rename_exclusively(const char *source, const char *destination);

/// Lets two files or folders change names; -1 with errno ENOSYS or EINVAL where that cannot be done in
/// one step.
int image_stores_exchange(const char *first, const char *second);
