#!/usr/bin/env bash
# Writes data sets several times larger than a limit of memory, and streams a shuffled epoch of each within it. Before that,
# it cancels 1,000 epochs and checks the threads and the memory that are left.
#
#   Scripts/check-memory-limit.sh [MEGABYTES [LIMIT]]     by default 1024 MB of pixels in 256 MB
#
# The limit is that of a cgroup (version 2 or 1, if this user may make one; pages of files count, and what does not fit is
# reclaimed or the process is killed), and then that of `ulimit -d` (memory that does not belong to a file; asking for more
# fails). IMAGE_STORES_WORK is where the data sets are written; IMAGE_STORES_CONFIGURATION=release builds with optimization.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-1024} limit=${2:-256} configuration=${IMAGE_STORES_CONFIGURATION:-debug}
swift build -c "$configuration" --product ImageStoreLoaderRuns >/dev/null
run=$(swift build -c "$configuration" --show-bin-path)/ImageStoreLoaderRuns
work=$(mktemp -d "${IMAGE_STORES_WORK:-$PWD/.build}/memory-limit.XXXXXX")
group=""
clean() {
  rm -rf "$work"
  [ -z "$group" ] || rmdir "$group" 2>/dev/null || true
}
trap clean EXIT

# Makes a group of processes with a limit; prints its folder and the file that has the most it ever took.
make_group() {
  local name=image-stores-$$ root=/sys/fs/cgroup
  if [ -f "$root/cgroup.controllers" ] && mkdir "$root/$name" 2>/dev/null; then
    if [ -f "$root/$name/memory.max" ] || { echo +memory >"$root/cgroup.subtree_control"; } 2>/dev/null; then
      if echo "${limit}M" >"$root/$name/memory.max" && echo 0 >"$root/$name/memory.swap.max"; then
        echo "$root/$name memory.peak"
        return
      fi
    fi 2>/dev/null
    rmdir "$root/$name"
  elif mkdir "$root/memory/$name" 2>/dev/null; then
    if echo "${limit}M" >"$root/memory/$name/memory.limit_in_bytes"; then
      echo "$root/memory/$name memory.max_usage_in_bytes"
      return
    fi 2>/dev/null
    rmdir "$root/memory/$name"
  fi
  return 1
}

echo "=== 1,000 epochs cancelled at random points"
"$run" write lmdb "$work/cancel" 1000
"$run" cancel lmdb "$work/cancel" 1000
echo "=== 1,000 epochs of a store that is not in memory, cancelled at random points"
for kind in lmdb files; do
  [ "$kind" = lmdb ] || "$run" write "$kind" "$work/$kind" 300
  "$run" cancel-cold "$kind" "$work/$([ "$kind" = lmdb ] && echo cancel || echo files)" 500
done
rm -rf "$work/cancel" "$work/files"

images=$((megabytes * 1048576 / 69120))
if made=$(make_group); then
  read -r group peak <<<"$made"
  echo "=== $megabytes MB of pixels in a cgroup of $limit MB"
  for kind in lmdb hdf5 npz npz-stored files; do
    echo "$kind"
    for work_of in write epoch; do
      [ ! -w "$group/$peak" ] || echo 0 >"$group/$peak" 2>/dev/null || true
      sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' - "$group" "$run" "$work_of" "$kind" "$work/$kind" \
        "$([ "$work_of" = write ] && echo "$images" || echo 2)"
      # Kernels before 5.19 do not keep version 2's peak.
      [ ! -r "$group/$peak" ] || echo "  most the cgroup held, pages of files included: $(($(cat "$group/$peak") >> 20)) MB"
    done
    rm -rf "${work:?}/$kind"
  done
else
  echo "cgroup: skipped, this user cannot make one with a limit of memory"
fi

# Addresses are not limited, since a map of a file takes as many as the file has bytes.
if (ulimit -d $((limit * 1024))) 2>/dev/null; then
  echo "=== $megabytes MB of pixels with ulimit -d of $limit MB"
  for kind in lmdb hdf5 npz npz-stored files; do
    echo "$kind"
    for work_of in write epoch; do
      (
        ulimit -d $((limit * 1024))
        exec "$run" "$work_of" "$kind" "$work/$kind" "$([ "$work_of" = write ] && echo "$images" || echo 2)"
      )
    done
    rm -rf "${work:?}/$kind"
  done
else
  echo "ulimit -d: skipped, this system has none"
fi
