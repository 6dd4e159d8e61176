#!/usr/bin/env bash
# Fuzzes each parser for some seconds with libFuzzer and the address sanitizer.
#
#   Scripts/fuzz.sh [SECONDS [PARSER...]]
#
# Inputs that fail are in .build/fuzzing/PARSER/found. What a run learns is kept in .build/fuzzing/PARSER/corpus, and the
# next run goes on from there. Put an input that failed into Tests/Fixtures/fuzzed, so that the fault does not come back.
# A run begins with the fixtures, and with files of other projects: those in the folder IMAGE_STORES_CORPORA names.
# A toolchain without libFuzzer, such as Xcode's, is not an error: a line says that fuzzing was skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
shift || true
parsers=("$@")
# With the trait if its library is installed, so that JPEGs are parsed in every store.
traits=()
all=(pickle npy png npz csv lmdb lmdb-value masks bare-masks cifar hdf5)
if pkg-config --exists libjpeg; then
  traits=(--traits JPEG)
  all+=(jpeg)
fi
[ ${#parsers[@]} -gt 0 ] || parsers=("${all[@]}")
runtime=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p' | head -n 1)
if [ -z "$(find -L "$runtime/clang/lib" -name 'libclang_rt.fuzzer*' -print -quit 2>/dev/null)" ]; then
  echo "fuzz: skipped, this toolchain has no libFuzzer in $runtime/clang/lib"
  exit 0
fi
build=.build/fuzzing/build
export IMAGE_STORES_FUZZING=1
# One build for both: the program that writes the seeds, and the one that libFuzzer runs.
# shellcheck disable=SC2054  # the commas belong to the options
options=(-c release --scratch-path "$build" ${traits[@]+"${traits[@]}"} -Xswiftc -sanitize=fuzzer,address
  -Xcc -fsanitize=fuzzer-no-link,address -Xswiftc -use-ld=lld)
swift build "${options[@]}" --product ImageStoreFuzzing
program=$(swift build "${options[@]}" --show-bin-path)/ImageStoreFuzzing
# A process that libFuzzer ends does not clean up.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
IMAGE_STORES_WORK=$(mktemp -d "$memory/image-stores-fuzzing.XXXXXX")
export IMAGE_STORES_WORK
trap 'rm -rf "$IMAGE_STORES_WORK"' EXIT
status=0
for parser in "${parsers[@]}"; do
  work=.build/fuzzing/$parser
  mkdir -p "$work/seeds" "$work/corpus" "$work/found"
  folders=(Tests/Fixtures Sources/imagestore/Resources/cifar-10-demo)
  [ -z "${IMAGE_STORES_CORPORA:-}" ] || folders+=("$IMAGE_STORES_CORPORA")
  "$program" seeds "$parser" "$work/seeds" "${folders[@]}"
  libfuzzer=(-timeout=120 -rss_limit_mb=4096 -malloc_limit_mb=3000 -max_len=65536 -print_final_stats=1 -print_funcs=0)
  # libhdf5 itself crashes on some files: they are counted, and the run goes on.
  [ "$parser" != hdf5 ] || libfuzzer+=(-fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1)
  echo "== $parser"
  if ! IMAGE_STORES_PARSER=$parser ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 \
    "$program" "${libfuzzer[@]}" -max_total_time="$seconds" -artifact_prefix="$work/found/" \
    "$work/corpus" "$work/seeds" >"$work/log" 2>&1; then
    if [ "$parser" != hdf5 ]; then
      status=1
      echo "fuzz: $parser failed; see $work/log and $work/found" >&2
    fi
  fi
  # What it has covered, how often it ran, and what it found.
  grep -E '^#[0-9]+.*DONE|^#[0-9]+: cov|^stat::number_of_executed_units|^SUMMARY|Test unit written' "$work/log" \
    | tail -n 3 || true
done
exit $status
