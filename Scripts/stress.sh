#!/usr/bin/env bash
# The runs behind the figures in Docs/Guarantees.md: about an hour on two cores.
#
#   Scripts/stress.sh [quick|ci]
#
# quick takes some minutes; ci is what .ci/run adds to the tests: 200 kills per backend, and a full file system.
# Prints one line per check and backend, and stops at the first line with FAILED. IMAGE_STORES_SEED makes it another
# run. IMAGE_STORES_CORPORA names a folder of folders of files of other projects.
set -euo pipefail
cd "$(dirname "$0")/.."
export IMAGE_STORES_TIMEOUT=86400

# A full file system: we mount one, if the system allows that.
full() {
  local folder
  folder=$(mktemp -d)
  if unshare --user --map-root-user --mount mount -t tmpfs -o size=2m none "$folder" 2>/dev/null; then
    unshare --user --map-root-user --mount sh -c \
      "mount -t tmpfs -o size=2m none '$folder' && IMAGE_STORES_WORK='$folder' '$stress' full all"
  else
    echo "full file system: skipped, no file system of a given size can be mounted here"
  fi
  rmdir "$folder"
}

# A check of every backend, two side by side.
each() { "$stress" list | xargs -P 2 -I BACKEND "$stress" "$1" BACKEND "${@:2}"; }
# A check of one layout of each kind.
kinds() {
  printf '%s\n' files lmdb hdf5 npz packedbit sharded | xargs -P 2 -I BACKEND "$stress" "$1" BACKEND "${@:2}"
}

if [ "${1:-}" = ci ]; then
  # The build that the tests have made already.
  swift build --product ImageStoreStress
  stress=$(swift build --show-bin-path)/ImageStoreStress
  each kills 200 create append
  kinds kills 200 edit remove commit
  each power-loss 60 create append
  kinds power-loss 60 edit remove commit
  full
  exit
fi
swift build -c release --product ImageStoreStress
stress=$(swift build -c release --show-bin-path)/ImageStoreStress
if [ "${1:-}" = quick ]; then
  kills=20 states=100 flips=1000 opens=1000 reads=20000 commits=20
else
  kills=1000 states=1000 flips=10000 opens=10000 reads=1000000 commits=200
fi
each flips "$flips"
[ "${1:-}" = quick ] || each flips every
each kills every
each kills "$kills"
IMAGE_STORES_OLD_RENAME=1 each kills every
each power-loss "$states"
each power-loss-without-waits 200
each faults
each map-faults
each reading-faults
each file-size-limits
full
each writers
each files "$opens"
each memory "$reads"
each concurrency "$commits" # the slowest: an append to HDF5 of mixed sizes writes every dataset again
"$stress" fork all
each held
each fork-busy 100
[ -z "${IMAGE_STORES_CORPORA:-}" ] || "$stress" corpora "$IMAGE_STORES_CORPORA"/*
