#!/usr/bin/env bash
# Fuzzes each parser for some seconds with libFuzzer and the address sanitizer.
#
#   Scripts/fuzz.sh [SECONDS [PARSER...]]
#
# What it finds stands in .build/fuzzing/PARSER/found; what it learns stays in .build/fuzzing/PARSER/corpus, so that
# the next run goes on from there. To keep a find from coming back, it goes to Tests/Fixtures/fuzzed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
shift || true
parsers=("$@")
[ ${#parsers[@]} -gt 0 ] || parsers=(pickle npy png npz csv lmdb lmdb-value masks cifar hdf5)
build=.build/fuzzing/build
export IMAGE_STORES_FUZZING=1
swift build -c release --product Fuzzing --scratch-path "$build" \
  -Xswiftc -sanitize=fuzzer,address \
  -Xcc -fsanitize=fuzzer-no-link,address -Xswiftc -use-ld=lld
program=$(swift build -c release --product Fuzzing --scratch-path "$build" --show-bin-path)/Fuzzing
swift build --product Torture
torture=$(swift build --show-bin-path)/Torture
shared=${IMAGE_STORES_SHARED:-../shared}
status=0
for parser in "${parsers[@]}"; do
  work=.build/fuzzing/$parser
  mkdir -p "$work/seeds" "$work/corpus" "$work/found"
  # Our own files, and those of others where they are.
  "$torture" seeds "$parser" "$work/seeds" $([ -d "$shared/fixtures/external" ] && echo "$shared/fixtures/external")
  # libhdf5 falls over some files by itself: they are counted, not an end.
  options=(-timeout=20 -rss_limit_mb=4096 -malloc_limit_mb=3000 -max_len=65536 -print_final_stats=1)
  [ "$parser" != hdf5 ] || options+=(-fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1)
  echo "== $parser"
  if ! IMAGE_STORES_PARSER=$parser ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 \
    "$program" "${options[@]}" -max_total_time="$seconds" -artifact_prefix="$work/found/" \
    "$work/corpus" "$work/seeds" >"$work/log" 2>&1; then
    [ "$parser" = hdf5 ] || status=1
  fi
  grep -E '^(SUMMARY|stat::number_of_executed_units|Fatal error|.*Test unit written)|INFO: exiting|^#[0-9]+: cov' "$work/log" | tail -n 5
done
exit $status
