#!/usr/bin/env bash
# Builds the documentation of all public modules as one static web site, with warnings as errors:
#
#     Scripts/build-documentation.sh [FOLDER TO WRITE, by default .build/documentation/site [BASE PATH]]
#
# To look at it: python3 -m http.server -d .build/documentation/site, and open http://localhost:8000. A server that has the
# site under a path, such as GitHub Pages, needs that path as BASE PATH: swift-image-stores. The folder is a DocC archive, too.
set -euo pipefail
cd "$(dirname "$0")/.."

# The library products: each has a page.
modules=($(sed -nE 's/^ *\.library\(name: "([A-Za-z0-9]+)".*/\1/p' Package.swift))
work=.build/documentation
output=${1:-$work/site}
base=${2:-/}
rm -rf "$work" "$output"
mkdir -p "$work/graphs" "$work/swift-image-stores.docc"

if [ "$(uname -s)" = Darwin ]; then docc=(xcrun docc); else docc=(docc); fi
# JPEGCodec has nothing without its trait. What ObjectStorage has for users, it has without its own.
pkg-config --exists libjpeg || { echo "JPEGCodec's page needs libjpeg: Scripts/install-dependencies.sh JPEG" >&2; exit 1; }
options=(--traits JPEG --scratch-path .build/jpeg)
triple=$(swift -print-target-info | sed -n 's/.*"triple": "\(.*\)".*/\1/p' | head -n 1)
bin=$(swift build "${options[@]}" --show-bin-path)
includes=(-I "$bin/Modules")
for module in "${modules[@]}"; do swift build "${options[@]}" --quiet --target "$module"; done
for map in Sources/C*/module.modulemap "$bin"/*.build/module.modulemap; do includes+=(-I "$(dirname "$map")"); done
for flag in $(pkg-config --cflags-only-I lmdb hdf5 zlib libjpeg); do includes+=(-Xcc "$flag"); done
if [ "$(uname -s)" = Darwin ]; then includes+=(-sdk "$(xcrun --show-sdk-path)"); fi

for module in "${modules[@]}"; do
  mkdir "$work/graphs/$module"
  swift symbolgraph-extract -module-name "$module" "${includes[@]}" -target "$triple" \
    -minimum-access-level public -skip-inherited-docs -skip-synthesized-members \
    -output-dir "$work/graphs/$module"
  cp -R "Sources/$module/$module.docc/." "$work/swift-image-stores.docc/"
done
cp Docs/Site/*.md "$work/swift-image-stores.docc/"

# Comments name the core's types as code does, without their module; links between modules need it.
core=$(find Sources/ImageStoreCore -name '*.swift' -exec sed -nE 's/^public [a-z ]*(struct|enum|class|protocol) ([A-Za-z]*).*/\2/p' {} + | sort -u | paste -sd '|' -)
for file in "$work"/graphs/*/*.json "$work"/swift-image-stores.docc/*.md; do
  case "$file" in */graphs/ImageStoreCore/*) continue ;; esac
  sed -E "s#\`\`(($core)[/\`])#\`\`ImageStoreCore/\1#g" "$file" >"$file.linked"
  mv "$file.linked" "$file"
done

"${docc[@]}" convert "$work/swift-image-stores.docc" --additional-symbol-graph-dir "$work/graphs" \
  --output-path "$output" --fallback-display-name swift-image-stores \
  --fallback-bundle-identifier swift-image-stores --warnings-as-errors \
  --transform-for-static-hosting --hosting-base-path "$base"

# The site begins with the page of all modules.
cat >"$output/index.html" <<'PAGE'
<!doctype html>
<meta charset="utf-8">
<title>swift-image-stores</title>
<meta http-equiv="refresh" content="0; url=documentation/swift-image-stores/">
<a href="documentation/swift-image-stores/">swift-image-stores</a>
PAGE
# Every article must have its page.
for article in Docs/Site/*.md Sources/*/*.docc/*.md; do
  name=$(basename "$article" .md | tr '[:upper:]' '[:lower:]')
  if [ ! -e "$output/documentation/$name/index.html" ] && [ ! -e "$output/documentation/swift-image-stores/$name/index.html" ]; then
    echo "the site has no page of $article" >&2
    exit 1
  fi
done
echo "$output"
