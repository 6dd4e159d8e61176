#!/usr/bin/env bash
# Runs tests under the address sanitizer, and those with threads under the thread sanitizer.
#
#   Scripts/sanitize.sh [address|parsers|thread|quick]
#
# Without an argument, all tests run under the address sanitizer and the concurrent ones under the thread sanitizer.
# `parsers` leaves out tests that do not read files. `quick` is `parsers` and `thread`: continuous integration runs it
# for every change. Each sanitizer needs its own build. The checks that make system calls fail are left out, because
# they replace the same functions as the sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all}

# libhdf5 keeps what it has allocated until the process ends, and this package tells it not to clean up then.
# Memory that cannot be had is an error of ours, not an end.
address() {
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 swift test --sanitize=address --scratch-path .build/address "$@"
}

case $which in
  all | address) address ;;
  parsers | quick)
    # Formats, backends, and the checks of files that are damaged, hostile or of other projects.
    address --filter 'ImageStorePickleTests|ImageStoreNumPyTests|PNGCodecTests|ImageStoreDeflateTests|CIFAR10Tests' \
      --filter '^[A-Za-z0-9]+StoreTests|ReliabilityTests.(HostileTests|ReadingTests)'
    ;;
esac

case $which in
  all | thread | quick)
    # Concurrent parts: workers, loading, stores read by many threads, readers beside a writer.
    TSAN_OPTIONS="suppressions=$PWD/Scripts/thread-sanitizer.suppressions halt_on_error=1 exitcode=66" \
      swift test --sanitize=thread --scratch-path .build/thread \
      --filter 'WorkersTests|ImageLoadingTests|Conformance|ConcurrencyTests|ReadingTests/threads'
    ;;
esac
