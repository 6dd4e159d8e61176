#!/usr/bin/env bash
# Runs a command with the headers of LMDB and HDF5 hidden, to show that it does not need them.
#
#   Scripts/without-headers.sh COMMAND...
#
# The headers are hidden from this command alone, in a mount namespace of its own. If the system does not allow that
# (a Mac, most containers), the command runs with the headers in sight, and a line on standard error says so.
set -euo pipefail

# shellcheck disable=SC2016  # another shell expands it
hide='
  for file in /usr/include/lmdb.h; do if [ -e "$file" ]; then mount --bind /dev/null "$file"; fi; done
  for folder in /usr/include/hdf5; do if [ -e "$folder" ]; then mount -t tmpfs none "$folder"; fi; done'
if unshare --map-root-user --mount bash -euc "$hide" 2>/dev/null; then
  exec unshare --map-root-user --mount bash -euc "$hide"'
    exec "$@"' - "$@"
fi
echo "without-headers: the headers of LMDB and HDF5 cannot be hidden here" >&2
exec "$@"
