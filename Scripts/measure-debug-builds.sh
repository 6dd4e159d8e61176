#!/usr/bin/env bash
# What a debug build costs at run time: processor time per image of usual work in a debug build, in one whose C is
# optimized (-Xcc -O2), and in a release build of a package that depends on this one, as multiples of the last.
set -euo pipefail
cd "$(dirname "$0")/../Tools/DebugCosts"
demo=$PWD/../../Sources/imagestore/Resources/cifar-10-demo
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

measure() {
  local name=$1
  shift
  swift build --quiet --scratch-path ".build/$name" "$@"
  ".build/$name/$([ "$name" = release ] && echo release || echo debug)/DebugCosts" "$demo" >"$results/$name"
}
measure debug
measure optimized-c -Xcc -O2
measure release -c release

printf '%-22s %12s %12s %14s\n' work 'release, us' 'debug' 'debug, C -O2'
paste "$results/release" "$results/debug" "$results/optimized-c" | awk -F'\t' '
  { printf "%-22s %12.2f %11.1fx %13.1fx\n", $1, $2 / 1000, $4 / $2, $6 / $2 }'
