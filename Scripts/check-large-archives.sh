#!/usr/bin/env bash
# Writes archives of more than 4 GiB and 65,535 entries, and entries of more than 4 GiB, reads them with numpy and with this
# package, and appends to them.
#
#   Scripts/check-large-archives.sh [PYTHON]      a Python with numpy; some minutes, and 10 GB of disk
#
# IMAGE_STORES_WORK is where the archives are written.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
swift build -c release --product ImageStoreLoaderRuns >/dev/null
swift build -c release --product imagestore >/dev/null
bin=$(swift build -c release --show-bin-path)
work=$(mktemp -d "${IMAGE_STORES_WORK:-$PWD/.build}/large-archives.XXXXXX")
trap 'rm -rf "$work"' EXIT

step() { printf '%s\n' "$*"; }
timed() { /usr/bin/env bash -c 'TIMEFORMAT="  %R s, of the processor %U + %S s"; time "$@"' - "$@"; }

step "An archive of our own: 70,000 images, 4.5 GiB"
timed "$bin/ImageStoreLoaderRuns" write npz-stored "$work/large.npz" 70000
"$python" Tests/Python/large_archives.py check "$work/large.npz" 70000
timed "$bin/ImageStoreLoaderRuns" epoch npz-stored "$work/large.npz"
step "Appended to, past 4 GiB"
timed "$bin/ImageStoreLoaderRuns" append npz-stored "$work/large.npz" 1000
"$python" Tests/Python/large_archives.py check "$work/large.npz" 71000
timed "$bin/ImageStoreLoaderRuns" epoch npz-stored "$work/large.npz"
timed "$bin/imagestore" verify "$work/large.npz"
rm "$work/large.npz"

step "An array of more than 4 GiB that numpy wrote"
"$python" Tests/Python/large_archives.py write "$work/numpy.npz" 63000
timed "$bin/ImageStoreLoaderRuns" epoch npz-stored "$work/numpy.npz"
timed "$bin/imagestore" verify "$work/numpy.npz"
