#!/usr/bin/env bash
# The long run behind the figures in Docs/Guarantees.md: some hours on two cores.
#
#   Scripts/torture.sh [quick]        quick: a few minutes
#
# Prints one line a check and backend; the first line with FAILED ends it. IMAGE_STORES_SEED makes it another run.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --product Torture
torture=$(swift build -c release --show-bin-path)/Torture
export IMAGE_STORES_TIMEOUT=86400
if [ "${1:-}" = quick ]; then
  kills=20 flips=1000 opens=1000 reads=20000 commits=20
else
  kills=1000 flips=10000 opens=10000 reads=1000000 commits=500
fi
"$torture" kills all every
"$torture" kills all "$kills"
IMAGE_STORES_OLD_RENAME=1 "$torture" kills all every
"$torture" faults all
"$torture" reading-faults all
"$torture" file-size-limits all
# A file system that is full: one of our own, where the system lets us have it.
full=$(mktemp -d)
unshare --user --map-root-user --mount sh -c \
  "mount -t tmpfs -o size=2m none '$full' && IMAGE_STORES_WORK='$full' '$torture' full all" ||
  echo "full file system: skipped, no file system of a given size can be mounted here"
rmdir "$full"
"$torture" writers all
"$torture" flips all "$flips"
"$torture" files all "$opens"
"$torture" memory all "$reads"
"$torture" concurrency all "$commits"
"$torture" fork all
shared=${IMAGE_STORES_SHARED:-../shared}
[ ! -d "$shared/fixtures/external" ] || "$torture" corpora "$shared"/fixtures/external/*
