// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in our own checks only: a new compiler's warnings must not break others' builds.
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

// Scripts/check-api.sh sets this, since SwiftPM builds the last release without the traits on its command line.
let comparedTraits = Context.environment["IMAGE_STORES_TRAITS"]?.split(separator: ",").map(String.init) ?? []

/// A Swift library target.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of a library, which are in `Tests/<library>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name), "ImageStoreTesting", "ImageStorePlatform"] + dependencies,
    swiftSettings: swiftSettings)
}

let package = Package(
  name: "swift-image-stores",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    // One product per backend: a package that imports only NPZStore needs neither liblmdb nor libhdf5.
    .library(name: "ImageStoreCore", targets: ["ImageStoreCore"]),
    .library(name: "ImageLoading", targets: ["ImageLoading"]),
    .library(name: "CIFAR10", targets: ["CIFAR10"]),
    .library(name: "FileStore", targets: ["FileStore"]),
    .library(name: "LMDBStore", targets: ["LMDBStore"]),
    .library(name: "HDF5Store", targets: ["HDF5Store"]),
    .library(name: "NPZStore", targets: ["NPZStore"]),
    .library(name: "PackedBitStore", targets: ["PackedBitStore"]),
    .library(name: "ShardedStore", targets: ["ShardedStore"]),
    .library(name: "ArrayStore", targets: ["ArrayStore"]),
    .library(name: "PNGCodec", targets: ["PNGCodec"]),
    .library(name: "JPEGCodec", targets: ["JPEGCodec"]),
    .library(name: "ObjectStorage", targets: ["ObjectStorage"]),
    .library(name: "ImageStoreCatalog", targets: ["ImageStoreCatalog"]),
    .library(name: "ImageStoreTesting", targets: ["ImageStoreTesting"]),
    .executable(name: "imagestore", targets: ["imagestore"]),
  ],
  traits: [
    .default(enabledTraits: Set(["CommandLine"] + comparedTraits)),
    .trait(
      name: "CommandLine",
      description: "Fetch what `imagestore` needs. A package that uses only the stores says traits: []."),
    // Each of these enables CommandLine, so that `swift test --traits Libdeflate` builds the whole package.
    .trait(
      name: "Libdeflate",
      description: "Inflate and deflate whole buffers with libdeflate instead of zlib.",
      enabledTraits: ["CommandLine"]),
    .trait(
      name: "JPEG",
      description: "Decode and encode JPEG with libjpeg-turbo, in every store that holds encoded images.",
      enabledTraits: ["CommandLine"]),
    .trait(
      name: "ObjectStorage",
      description: "Read and write data sets in buckets (S3) and behind https, with libcurl.",
      enabledTraits: ["CommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // The C library of the platform, by one name.
    library("ImageStorePlatform"),

    // The protocol and what belongs to every store. It knows no file format.
    .target(name: "CImageStoreKernels"),
    library("ImageStoreCore", ["ImageStorePlatform", "CImageStoreKernels"]),

    // Shared by the backends: files, threads, checksums, compression, formats.
    .target(name: "CImageStoreSystem"),
    library(
      "ImageStoreSupport",
      ["ImageStorePlatform", "ImageStoreCore", "CImageStoreKernels", "CImageStoreSystem"]),
    library(
      "ImageStoreDeflate",
      [
        "ImageStorePlatform", "ImageStoreCore", "CImageStoreKernels", "CImageStoreZlib",
        .target(name: "CImageStoreLibdeflate", condition: .when(traits: ["Libdeflate"])),
      ]),
    library("ImageStoreNumPy", ["ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport"]),
    library("ImageStorePickle", ["ImageStoreCore"]),
    library("PNGCodec", ["ImageStoreCore", "ImageStoreDeflate", "CImageStoreKernels"]),
    // Headers and library are looked for only with the trait. Without it the target is empty.
    .target(
      name: "CImageStoreJPEG",
      dependencies: [.target(name: "CImageStoreLibJPEG", condition: .when(traits: ["JPEG"]))],
      cSettings: [.define("IMAGE_STORES_JPEG", .when(traits: ["JPEG"]))],
      linkerSettings: [.linkedLibrary("jpeg", .when(traits: ["JPEG"]))]),
    library(
      "JPEGCodec",
      [
        "ImageStoreCore", "CImageStoreKernels",
        .target(name: "CImageStoreJPEG", condition: .when(traits: ["JPEG"])),
      ]),
    // The one list of codecs.
    library("ImageStoreCodecs", ["ImageStoreCore", "ImageStoreSupport", "PNGCodec", "JPEGCodec"]),

    // libcurl's options are variadic, which Swift cannot call. Without the trait the target is empty.
    .target(
      name: "CImageStoreCurl",
      dependencies: [.target(name: "CImageStoreLibCurl", condition: .when(traits: ["ObjectStorage"]))],
      cSettings: [.define("IMAGE_STORES_CURL", .when(traits: ["ObjectStorage"]))],
      linkerSettings: [.linkedLibrary("curl", .when(traits: ["ObjectStorage"]))]),
    library(
      "ObjectStorage",
      [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport",
        .target(name: "CImageStoreCurl", condition: .when(traits: ["ObjectStorage"])),
      ]),

    // The data sets and the backends.
    library(
      "CIFAR10",
      ["ImageStoreCore", "ImageStoreSupport", "ImageStoreDeflate", "ImageStorePickle", "CImageStoreKernels"]),
    library(
      "FileStore",
      ["ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreCodecs", "PNGCodec"]),
    library(
      "LMDBStore",
      [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "ImageStorePickle",
        "ImageStoreCodecs", "CImageStoreLMDB",
      ]),
    library(
      "HDF5Store",
      [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreDeflate", "ImageStoreCodecs",
        "CImageStoreHDF5",
      ]),
    library("ArrayStore", ["ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "ImageStoreDeflate"]),
    library(
      "NPZStore",
      [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "ImageStoreDeflate",
        "ImageStoreCodecs", "CImageStoreKernels",
      ]),
    library(
      "PackedBitStore",
      ["ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "CImageStoreKernels"]),

    // Data sets of many files, each in the format of a backend.
    library(
      "ShardedStore",
      [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "ImageStoreCodecs",
        "NPZStore", "ObjectStorage",
      ]),

    // Libraries and programs that use stores.
    library(
      "ImageStoreCatalog",
      [
        "ImageStoreCore", "ImageStoreSupport", "ImageStoreDeflate", "CIFAR10", "FileStore", "LMDBStore",
        "HDF5Store", "NPZStore", "PackedBitStore", "ArrayStore", "ShardedStore",
        "ObjectStorage",
      ]),
    library(
      "ImageLoading",
      ["ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreNumPy", "CImageStoreKernels"]),
    library("ImageStoreTesting", ["ImageStorePlatform", "ImageStoreCore"]),
    .executableTarget(
      name: "imagestore",
      dependencies: [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ImageStoreCatalog", "ImageLoading",
        "ImageStoreCodecs", "PNGCodec", "ImageStoreNumPy",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["CommandLine"])),
      ],
      resources: [.copy("Resources/cifar-10-demo"), .copy("Resources/photographs-demo")],
      swiftSettings: swiftSettings),

    // System libraries.
    .systemLibrary(
      name: "CImageStoreZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CImageStoreLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]),
    .systemLibrary(
      name: "CImageStoreHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CImageStoreLibdeflate", pkgConfig: "libdeflate",
      providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
    .systemLibrary(
      name: "CImageStoreLibJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CImageStoreLibCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),

    // Tests.
    tests("ImageStoreCore", ["CImageStoreKernels"]),
    tests("ImageStoreSupport", ["CImageStoreKernels"]),
    tests("ImageStoreDeflate", ["ImageStoreSupport", "CImageStoreKernels", "CImageStoreZlib"]),
    tests("ImageStoreNumPy", ["ImageStoreSupport"]),
    tests("ImageStorePickle", ["ImageStoreCorpora"]),
    tests("PNGCodec", ["ImageStoreDeflate", "CImageStoreKernels", "CImageStoreZlib", "ImageStoreCorpora"]),
    tests("JPEGCodec", ["ImageStoreCore", "ImageStoreCatalog"]),
    tests("ObjectStorage", ["ImageStoreCore", "ImageStoreSupport", "CImageStoreFaults"]),
    tests("CIFAR10", ["ImageStoreSupport", "ImageStoreDeflate", "CImageStoreKernels", "ImageStoreCorpora"]),
    tests("FileStore", ["PNGCodec", "ImageStoreSupport"]),
    tests(
      "LMDBStore",
      [
        "ImageStoreSupport", "ImageStoreNumPy", "CImageStoreLMDB", "ImageStoreWriterProcess",
        "ImageStoreCorpora",
      ]),
    tests("HDF5Store", ["ImageStoreSupport", "CImageStoreHDF5", "CImageStoreFaults", "ImageStoreCorpora"]),
    tests("NPZStore", ["ImageStoreSupport", "ImageStoreDeflate", "ImageStoreNumPy", "ImageStoreCorpora"]),
    tests("ArrayStore", ["ImageStoreSupport", "ImageStoreCatalog"]),
    tests("PackedBitStore", ["ImageStoreSupport", "CImageStoreKernels"]),
    tests(
      "ShardedStore",
      [
        "ImageStoreSupport", "ImageStoreNumPy", "ImageStoreCatalog", "ImageLoading", "NPZStore",
        "ObjectStorage",
      ]),
    tests("ImageLoading", ["ImageStoreCatalog", "ImageStoreNumPy"]),
    tests("imagestore", ["ImageStoreCatalog"]),
    .testTarget(
      name: "EncodedLayoutTests",
      dependencies: [
        "ImageStoreCore", "ImageStoreSupport", "ImageStoreTesting", "ImageStoreCatalog", "PNGCodec",
        "FileStore",
        "LMDBStore", "HDF5Store", "NPZStore",
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ImageStoreTestingTests", dependencies: ["ImageStoreTesting"], swiftSettings: swiftSettings),

    // Where tests find the files of other projects.
    .target(name: "ImageStoreCorpora", path: "Tests/Support/Corpora", swiftSettings: swiftSettings),

    // The code of the README and the articles, compiled as a user's package is, with the strictest imports.
    .executableTarget(
      name: "ImageStoreSnippets",
      dependencies: [
        "ImageStoreCore", "ImageStoreCatalog", "ImageLoading", "CIFAR10", "FileStore", "LMDBStore",
        "HDF5Store",
        "NPZStore", "PackedBitStore", "ShardedStore", "PNGCodec",
      ],
      path: "Tools/Snippets", swiftSettings: strictness + [.enableUpcomingFeature("MemberImportVisibility")]),

    // The libraries that need neither liblmdb nor libhdf5, for builders that have neither; see .spi.yml.
    .target(
      name: "ImageStoreEssentials",
      dependencies: [
        "ImageStoreCore", "ImageLoading", "CIFAR10", "FileStore", "NPZStore", "PackedBitStore",
        "ShardedStore", "ArrayStore", "PNGCodec", "JPEGCodec", "ObjectStorage", "ImageStoreTesting",
      ],
      path: "Tools/Essentials", swiftSettings: swiftSettings),

    // One process of a job that reads a data set of shards; see Tests/ObjectStorage/run-job.
    .executableTarget(
      name: "ImageStoreRank", dependencies: ["ImageStoreCore", "ImageLoading", "ShardedStore"],
      path: "Tools/Rank", swiftSettings: swiftSettings),

    // Appends to a store until it is killed, for the tests of what is left.
    .executableTarget(
      name: "ImageStoreWriterProcess", dependencies: ["ImageStorePlatform", "ImageStoreCore", "LMDBStore"],
      path: "Tools/WriterProcess", swiftSettings: swiftSettings),

    // Loaders under a limit of memory, cancelled, and with one worker or two, for scripts.
    .executableTarget(
      name: "ImageStoreLoaderRuns",
      dependencies: [
        "ImageStoreCore", "ImageStoreTesting", "ImageStoreCatalog", "ImageLoading", "ShardedStore",
      ],
      path: "Tools/LoaderRuns", swiftSettings: swiftSettings),

    // Reads ranges of objects, for Benchmarks/object-storage.
    .executableTarget(
      name: "ImageStoreObjectReads",
      dependencies: ["ImageStorePlatform", "ImageStoreCore", "ImageStoreSupport", "ObjectStorage"],
      path: "Tools/ObjectReads", swiftSettings: swiftSettings),

    // Kill, fault, corruption and concurrency tests: the checks, the program that is killed and made to
    // fail (it also does the long runs), and the tests.
    .target(name: "CImageStoreFaults", path: "Tests/Support/Faults"),
    .target(
      name: "ImageStoreReliability",
      dependencies: [
        "ImageStorePlatform", "ImageStoreCore", "ImageStoreTesting", "ImageStoreSupport", "ImageStoreCatalog",
        "CImageStoreFaults",
        "CIFAR10",
        "ImageStoreDeflate", "ImageStorePickle",
        "ImageStoreNumPy", "PNGCodec", "JPEGCodec", "FileStore", "LMDBStore", "HDF5Store", "NPZStore",
        "PackedBitStore",
      ],
      path: "Tests/Support/Reliability", swiftSettings: swiftSettings),
    .executableTarget(
      name: "ImageStoreStress", dependencies: ["ImageStorePlatform", "ImageStoreReliability"],
      path: "Tools/Stress",
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ReliabilityTests",
      dependencies: [
        "ImageStorePlatform", "ImageStoreReliability", "ImageStoreCore", "ImageStoreSupport", "FileStore",
        "LMDBStore", "HDF5Store",
        "NPZStore",
        "PackedBitStore", "ImageStoreCorpora",
      ],
      swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6]
)

// These need libFuzzer, which has a main function of its own. Scripts/fuzz.sh builds them.
if Context.environment["IMAGE_STORES_FUZZING"] != nil {
  package.targets += [
    .target(name: "CImageStoreFuzzing", path: "Tools/CFuzzing"),
    .executableTarget(
      name: "ImageStoreFuzzing",
      dependencies: ["ImageStorePlatform", "CImageStoreFuzzing", "ImageStoreReliability", "ImageStoreCore"],
      path: "Tools/Fuzzing", swiftSettings: swiftSettings),
  ]
}
