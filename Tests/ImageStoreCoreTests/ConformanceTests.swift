import ImageStoreCore
import ImageStoreTesting
import Testing

/// The in-memory store and the wrappers keep the promises that every backend keeps.
@Suite struct ConformanceTests {
  static let factories: [StoreFactory] = [
    .shelf("in memory"),
    .shelf("copied") { try InMemoryStore(copying: $0) },
    .shelf("the model") { ModelStore(try images(of: $0)) },
    .shelf("subset of a range") { store in
      try padded(store).subset(2..<2 + store.count)
    },
    .shelf("subset of indices") { store in
      // The images are in reverse underneath, so that no index is its own.
      let reversed = try store.subset(Array((0..<store.count).reversed()))
      return try InMemoryStore(copying: reversed).subset(Array((0..<store.count).reversed()))
    },
    .shelf("subset of a subset") { store in
      let reversed = try padded(store).subset(Array((0..<store.count + 4).reversed()))
      return try reversed.subset(2..<2 + store.count).subset(Array((0..<store.count).reversed()))
    },
    .shelf("concatenated of one") { ConcatenatedStore([$0]) },
    .shelf("concatenated of many") { store in
      let ends = [0, 0, 1, store.count / 4, store.count / 2, store.count].sorted()
      return ConcatenatedStore(
        try zip(ends, ends.dropFirst()).map { try store.subset(min($0, store.count)..<min($1, store.count)) })
    },
    .shelf("cached") { try $0.cached(upTo: 1 << 20) },
    .shelf("cached in part") { try $0.cached(upTo: 4 * $0.count + 1000) },
    .shelf("concatenated of each image") { store in
      ConcatenatedStore(try (0..<store.count).map { try InMemoryStore(copying: store.subset($0..<$0 + 1)) })
    },
  ]

  @Test(arguments: factories)
  func conforms(factory: StoreFactory) throws {
    var factory = factory
    factory.capabilities.manyImages = 300
    try checkConformance(of: factory, seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func memory(_ check: ConformanceCheck) throws {
    for seed in 3...5 as ClosedRange<UInt64> { try check.run(on: .shelf("in memory"), seed: seed) }
  }

  /// The store with two copies of its first images before it and two behind, if it has images.
  private static func padded(_ store: InMemoryStore) throws -> any ImageStore {
    guard store.count > 0 else { return try InMemoryStore(copying: ModelStore(fourPixels)) }
    let indices = [0, store.count - 1] + Array(0..<store.count) + [store.count / 2, 0]
    return try InMemoryStore(copying: store.subset(indices))
  }

  private static let fourPixels: ModelImages = {
    var synthetic = SyntheticImages(seed: 1)
    return synthetic.uniform(ImageFormat(height: 1, width: 1), count: 4)
  }()

  /// What a store holds, as plain arrays.
  private static func images(of store: InMemoryStore) throws -> ModelImages {
    var images = ModelImages()
    for index in 0..<store.count {
      images.append(try store.pixels(at: index), format: try store.format(at: index))
    }
    images.labels = store.labels()
    for name in store.columnNames { images.columns[name] = try store.column(name) }
    images.classNames = store.classNames
    return images
  }
}
