// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Photographs",
  platforms: [.macOS(.v15)],
  dependencies: [
    // In a package of your own: .package(url: "https://github.com/.../swift-image-stores", from: "0.1.0", traits: ["JPEG"])
    .package(name: "swift-image-stores", path: "../..", traits: ["JPEG"])
  ],
  targets: [
    .executableTarget(
      name: "Photographs",
      dependencies: [
        .product(name: "FileStore", package: "swift-image-stores"),
        .product(name: "ImageLoading", package: "swift-image-stores"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
