// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that whoever builds or tests the stores does not build the benchmarks, and so
// that they use nothing but the public API.
let stores: [Target.Dependency] = [
  "ImageStoreCore", "ImageStoreCatalog", "ImageStoreTesting", "ImageLoading", "CIFAR10", "FileStore",
  "LMDBStore", "HDF5Store",
  "NPZStore", "PackedBitStore",
].map { .product(name: $0, package: "swift-image-stores") }

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  traits: [
    .trait(name: "Libdeflate", description: "Measure with libdeflate instead of zlib."),
    .trait(name: "JPEG", description: "Measure JPEG."),
  ],
  dependencies: [
    .package(
      name: "swift-image-stores", path: "..",
      traits: [
        .trait(name: "Libdeflate", condition: .when(traits: ["Libdeflate"])),
        .trait(name: "JPEG", condition: .when(traits: ["JPEG"])),
      ])
  ],
  targets: [
    // Instructions are counted of this; see count-instructions.
    .executableTarget(name: "store-workloads", dependencies: stores),
    // Writes in turns with the peers; see Peers/write_rounds.py.
    .executableTarget(name: "write-rounds", dependencies: stores),
    // Epochs over files that are not in memory; see cold.
    .executableTarget(name: "cold-epochs", dependencies: stores),
    // Reads large images in turns with Python; see large.
    .executableTarget(name: "warm-reads", dependencies: stores),
    // Edits, commits and views; see edits.
    .executableTarget(name: "edit-timings", dependencies: stores),
    // Decodes in turns with libjpeg-turbo's own loop; see jpeg.
    .executableTarget(
      name: "jpeg-decoding",
      dependencies: stores + [.product(name: "JPEGCodec", package: "swift-image-stores")]),
    // Batches of random resized crops; see photographs.
    .executableTarget(name: "photograph-batches", dependencies: stores),
    .testTarget(name: "StoreBenchmarks", dependencies: stores),
  ],
  swiftLanguageModes: [.v6]
)
