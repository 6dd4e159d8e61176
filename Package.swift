// swift-tools-version: 6.2
import PackageDescription

// Warnings fail our own checks; a newer compiler's new ones are no reason to fail elsewhere.
let strictness: [SwiftSetting] =
  Context.environment["IMAGE_STORES_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let swiftSettings: [SwiftSetting] =
  strictness + [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Properties that lend spans need @_lifetime.
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
  ]

/// A Swift library target.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of a library, which stand in `Tests/<library>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name), "ImageStoreTesting"] + dependencies,
    swiftSettings: swiftSettings)
}

let package = Package(
  name: "swift-image-stores",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    // One product a backend: whoever imports only NPZStore needs neither liblmdb nor libhdf5.
    .library(name: "ImageStoreCore", targets: ["ImageStoreCore"]),
    .library(name: "ImageLoading", targets: ["ImageLoading"]),
    .library(name: "CIFAR10", targets: ["CIFAR10"]),
    .library(name: "FileStore", targets: ["FileStore"]),
    .library(name: "LMDBStore", targets: ["LMDBStore"]),
    .library(name: "HDF5Store", targets: ["HDF5Store"]),
    .library(name: "NPZStore", targets: ["NPZStore"]),
    .library(name: "PackedBitStore", targets: ["PackedBitStore"]),
    .library(name: "PNGCodec", targets: ["PNGCodec"]),
    .library(name: "ImageStoreTesting", targets: ["ImageStoreTesting"]),
    .executable(name: "imagestore", targets: ["imagestore"]),
  ],
  traits: [
    .default(enabledTraits: ["CommandLine"]),
    .trait(
      name: "CommandLine",
      description: "Fetch what `imagestore` needs; a package that uses stores alone says traits: []."),
    // Enables the other so that `swift test --traits Libdeflate` builds all there is here.
    .trait(
      name: "Libdeflate",
      description: "Inflate and deflate with libdeflate instead of zlib where a whole buffer is at hand.",
      enabledTraits: ["CommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // The protocol and what belongs to every store; knows no file format.
    .target(name: "CImageKernels"),
    library("ImageStoreCore", ["CImageKernels"]),

    // Shared by the backends: files, threads, checksums, compression, formats.
    .target(name: "CSystem"),
    library("StoreIO", ["ImageStoreCore", "CImageKernels", "CSystem"]),
    library(
      "Deflate",
      [
        "ImageStoreCore", "CImageKernels", "CZlib",
        .target(name: "CLibdeflate", condition: .when(traits: ["Libdeflate"])),
      ]),
    library("NumPyFormat", ["ImageStoreCore"]),
    library("Pickle", ["ImageStoreCore"]),
    library("PNGCodec", ["ImageStoreCore", "Deflate", "CImageKernels"]),

    // The data sets and the backends.
    library("CIFAR10", ["ImageStoreCore", "StoreIO", "Deflate", "Pickle", "CImageKernels"]),
    library("FileStore", ["ImageStoreCore", "StoreIO", "PNGCodec"]),
    library(
      "LMDBStore", ["ImageStoreCore", "StoreIO", "NumPyFormat", "Pickle", "PNGCodec", "CLMDB"]),
    library("HDF5Store", ["ImageStoreCore", "StoreIO", "Deflate", "CHDF5"]),
    library("NPZStore", ["ImageStoreCore", "StoreIO", "NumPyFormat", "Deflate"]),
    library("PackedBitStore", ["ImageStoreCore", "StoreIO", "NumPyFormat", "CImageKernels"]),

    // What uses stores.
    library(
      "ImageStoreCatalog",
      [
        "ImageStoreCore", "StoreIO", "CIFAR10", "FileStore", "LMDBStore", "HDF5Store", "NPZStore",
        "PackedBitStore",
      ]),
    library("ImageLoading", ["ImageStoreCore", "StoreIO", "CImageKernels"]),
    library("ImageStoreTesting", ["ImageStoreCore"]),
    .executableTarget(
      name: "imagestore",
      dependencies: [
        "ImageStoreCore", "StoreIO", "ImageStoreCatalog", "ImageLoading", "PNGCodec", "NumPyFormat",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["CommandLine"])),
      ],
      resources: [.copy("Resources/cifar-10-demo")],
      swiftSettings: swiftSettings),

    // System libraries.
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CLibdeflate", pkgConfig: "libdeflate",
      providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),

    // Tests.
    tests("ImageStoreCore"),
    tests("StoreIO"),
    tests("Deflate", ["CImageKernels", "CZlib"]),
    tests("NumPyFormat"),
    tests("Pickle", ["Corpora"]),
    tests("PNGCodec", ["Deflate", "CImageKernels", "CZlib", "Corpora"]),
    tests("CIFAR10", ["StoreIO", "Deflate", "CImageKernels", "Corpora"]),
    tests("FileStore", ["PNGCodec", "StoreIO"]),
    tests("LMDBStore", ["StoreIO", "NumPyFormat", "CLMDB", "WriterProcess", "Corpora"]),
    tests("HDF5Store", ["StoreIO", "CHDF5", "CFaults", "Corpora"]),
    tests("NPZStore", ["StoreIO", "Deflate", "NumPyFormat", "Corpora"]),
    tests("PackedBitStore", ["StoreIO", "CImageKernels"]),
    tests("ImageLoading"),
    tests("imagestore"),
    .testTarget(
      name: "ImageStoreTestingTests", dependencies: ["ImageStoreTesting"], swiftSettings: swiftSettings),

    // Where tests find the files of other projects.
    .target(name: "Corpora", path: "Tests/Corpora", swiftSettings: swiftSettings),

    // The code of the README and the articles, compiled as a user's package does, with the strictest imports.
    .executableTarget(
      name: "Snippets",
      dependencies: [
        "ImageStoreCore", "ImageLoading", "CIFAR10", "FileStore", "LMDBStore", "HDF5Store", "NPZStore",
        "PackedBitStore",
      ],
      path: "Tests/Snippets", swiftSettings: strictness + [.enableUpcomingFeature("MemberImportVisibility")]),

    // Appends to a store until it is killed, for the tests of what is left.
    .executableTarget(
      name: "WriterProcess", dependencies: ["ImageStoreCore", "LMDBStore"],
      path: "Tests/WriterProcess", swiftSettings: swiftSettings),

    // Loaders under a limit of memory, cancelled, and with one worker and with two, for scripts.
    .executableTarget(
      name: "LoaderRuns",
      dependencies: [
        "ImageStoreCore", "ImageStoreTesting", "ImageLoading", "FileStore", "LMDBStore", "HDF5Store",
        "NPZStore",
      ],
      path: "Tests/LoaderRuns", swiftSettings: swiftSettings),

    // Kill, fault, corruption and concurrency tests: the checks, the program that is killed and made to
    // fail (and does the long runs), and the tests.
    .target(name: "CFaults", path: "Tests/CFaults"),
    .target(
      name: "ReliabilityChecks",
      dependencies: [
        "ImageStoreCore", "ImageStoreTesting", "StoreIO", "CFaults", "CIFAR10", "Deflate", "Pickle",
        "NumPyFormat", "PNGCodec", "FileStore", "LMDBStore", "HDF5Store", "NPZStore", "PackedBitStore",
      ],
      path: "Tests/ReliabilityChecks", swiftSettings: swiftSettings),
    .executableTarget(
      name: "Torture", dependencies: ["ReliabilityChecks"], path: "Tests/Torture",
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ReliabilityTests",
      dependencies: [
        "ReliabilityChecks", "ImageStoreCore", "StoreIO", "FileStore", "LMDBStore", "HDF5Store", "NPZStore",
        "PackedBitStore", "Corpora",
      ],
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6]
)

// Needs libFuzzer, which brings its own start: Scripts/fuzz.sh builds it.
if Context.environment["IMAGE_STORES_FUZZING"] != nil {
  package.targets += [
    .target(name: "CFuzzing", path: "Tests/CFuzzing"),
    .executableTarget(
      name: "Fuzzing", dependencies: ["CFuzzing", "ReliabilityChecks", "ImageStoreCore"],
      path: "Tests/Fuzzing", swiftSettings: swiftSettings),
  ]
}
