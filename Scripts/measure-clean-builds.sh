#!/usr/bin/env bash
# Wall-clock seconds of clean builds: the whole package for debugging (the limit is 90 on two cores), the same with its
# tests, and a package that imports one store (the limit is 30). Run it on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

measure() {
  local name=$1 start
  shift
  # Fetching is not counted: it depends on the network.
  swift package --scratch-path "$scratch/build" "${@:1:2}" resolve >/dev/null 2>&1
  start=$SECONDS
  swift build --quiet --scratch-path "$scratch/build" "$@"
  printf '%-36s %4d s\n' "$name" $((SECONDS - start))
  rm -rf "$scratch/build"
}
measure 'the whole package' --package-path .
measure 'the whole package with its tests' --package-path . --build-tests
measure 'Examples/NPZOnly' --package-path Examples/NPZOnly
