#!/usr/bin/env bash
# Runs the tests under the address sanitizer, and those with threads under the thread sanitizer.
#
#   Scripts/sanitize.sh [address|thread]
#
# Each is a build of its own. The checks that make system calls fail sit out: they take the places that the
# sanitizers take.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all}

if [ "$which" = all ] || [ "$which" = address ]; then
  # libhdf5 keeps what it has allocated until the process ends, and this package tells it not to clean up then.
  ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/address
fi

if [ "$which" = all ] || [ "$which" = thread ]; then
  # Concurrent parts: workers, feeding, stores read by many threads, readers beside a writer.
  TSAN_OPTIONS="suppressions=$PWD/Scripts/thread-sanitizer.suppressions halt_on_error=1 exitcode=66" \
    swift test --sanitize=thread --scratch-path .build/thread \
    --filter 'WorkersTests|ImageFeedingTests|Conformance|ConcurrencyTests|ReadingTests/threads'
fi
