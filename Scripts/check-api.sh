#!/usr/bin/env bash
# Compares the public API with that of the last release, and lists the symbols that are gone or have changed.
#
#   Scripts/check-api.sh [TAG]      the last release is the newest tag before this commit
#
# It fails if there are any, unless the version has moved so that STABILITY.md allows it: to another minor version
# before 1.0, to another major version from then on. Without a release there is nothing to compare with.
# Needs the history of the repository, libjpeg and libcurl (Scripts/install-dependencies.sh JPEG ObjectStorage).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
  echo "check-api: this clone is shallow and may lack the tag of the last release; run git fetch --unshallow --tags" >&2
  exit 1
fi
last=${1:-$(git describe --tags --abbrev=0 --match '[0-9]*' 2>/dev/null || true)}
if [ -z "$last" ]; then
  echo "check-api: there is no release yet, so there is nothing to compare with"
  exit 0
fi
version=$(sed -nE 's/^ +version: "([0-9.]+)",$/\1/p' Sources/imagestore/ImageStoreTool.swift)

# The part of a version that must move for a breaking change.
series() { case "$1" in 0.*) cut -d. -f1,2 <<<"$1" ;; *) cut -d. -f1 <<<"$1" ;; esac; }

echo "check-api: $version against $last"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# JPEGCodec has no public symbols without its trait. SwiftPM builds the last release without the traits of the command line,
# so Package.swift takes them from the environment, in both builds.
export IMAGE_STORES_TRAITS=JPEG,ObjectStorage
if swift package --scratch-path .build/api diagnose-api-breaking-changes "$last" 2>&1 | tee "$log"; then
  exit 0
fi
if ! grep -q 'API breakage:' "$log"; then
  echo "check-api: the comparison itself failed" >&2
  exit 1
fi
if [ "$(series "$version")" != "$(series "$last")" ]; then
  echo "check-api: $version may break what $last had; CHANGELOG.md needs migration notes for the above"
  exit 0
fi
echo "check-api: $version must not break what $last had" >&2
exit 1
