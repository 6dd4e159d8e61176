// swift-tools-version: 6.2
import PackageDescription

// Imports one backend. It needs only zlib, neither liblmdb nor libhdf5.
let package = Package(
  name: "NPZOnly",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-image-stores", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "NPZOnly",
      dependencies: [.product(name: "NPZStore", package: "swift-image-stores")])
  ],
  swiftLanguageModes: [.v6]
)
