#!/usr/bin/env bash
# Builds and runs a package that depends on this one and on packages that many programs use: swift-nio's file system,
# swift-system and swift-collections. If a target of ours had the name of one of theirs, the graph would not resolve.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/.build/dependent
mkdir -p "$work/Sources/dependent"
cat >"$work/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "dependent",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-image-stores", path: "$root", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
  ],
  targets: [
    .executableTarget(
      name: "dependent",
      dependencies: [
        .product(name: "NPZStore", package: "swift-image-stores"),
        .product(name: "LMDBStore", package: "swift-image-stores"),
        .product(name: "HDF5Store", package: "swift-image-stores"),
        .product(name: "_NIOFileSystem", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "DequeModule", package: "swift-collections"),
      ])
  ]
)
MANIFEST
cat >"$work/Sources/dependent/main.swift" <<'PROGRAM'
import DequeModule
import HDF5Store
import LMDBStore
import NPZStore
import SystemPackage
import _NIOFileSystem

let folder = try await FileSystem.shared.createTemporaryDirectory(template: "dependent-XXXXXX")
let path = SystemPackage.FilePath(folder.string).appending("two.npz").string
let store = try NPZStore.write(to: path, classNames: ["cat", "dog"]) { writer in
  let format = ImageFormat(height: 2, width: 2)
  try writer.append([1, 2, 3, 4], format: format, label: 1)
  try writer.append([5, 6, 7, 8], format: format, label: 0)
}
try LMDBStore.write(store, to: path + ".lmdb")
try HDF5Store.write(store, to: path + ".h5")
let labels = Deque(try store.labels() ?? [])
precondition(labels == [1, 0])
_ = try await FileSystem.shared.removeItem(at: folder)
print("a dependent with swift-nio, swift-system and swift-collections works")
PROGRAM
swift run --package-path "$work" dependent
# A package that depends only on stores must not fetch what our programs and tests need.
names=$(swift package --package-path "$work" show-dependencies --format flatlist)
if grep -q argument-parser <<<"$names"; then
  echo "a dependent of the stores fetches swift-argument-parser" >&2
  exit 1
fi
