// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since what it measures is the build of a package that depends on this one.
let package = Package(
  name: "DebugCosts",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-image-stores", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "DebugCosts",
      dependencies: ["CIFAR10", "ImageLoading", "ImageStoreCatalog", "ImageStoreCore", "PNGCodec"].map {
        .product(name: $0, package: "swift-image-stores")
      })
  ],
  swiftLanguageModes: [.v6]
)
