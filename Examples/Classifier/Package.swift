// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Classifier",
  platforms: [.macOS(.v15)],
  dependencies: [
    // In a package of your own: .package(url: "https://github.com/.../swift-image-stores", from: "0.1.0", traits: [])
    // No traits: without them, what the command line needs is not even fetched.
    .package(name: "swift-image-stores", path: "../..", traits: [])
  ],
  targets: [
    .executableTarget(
      name: "Classifier",
      dependencies: [
        .product(name: "CIFAR10", package: "swift-image-stores"),
        .product(name: "LMDBStore", package: "swift-image-stores"),
        .product(name: "ImageLoading", package: "swift-image-stores"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
