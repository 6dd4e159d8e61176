import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreTesting

/// What is done with each backend while instructions are counted.
enum Workload: String, CaseIterable {
  /// Nothing: what a process costs that reads.
  case start
  /// Makes the images that `write` writes.
  case make
  /// Writes 512 images of 32x32.
  case write
  /// Opens what `write` wrote and reads 64 shuffled batches of 128, crops of half of them.
  case read
  /// Opens what `write` wrote and loads 16 shuffled epochs in batches of 128, as they are stored.
  case load
  /// The same as normalized Float32 planes, padded crops of half of them.
  case loadFloats = "load-floats"

  private static let imageCount = 512

  func run(_ backend: StoreCatalog.Variant, in folder: String) throws {
    let path = "\(folder)/\(backend)"
    switch self {
    case .start: break
    case .make: _ = try Self.images(backend)
    case .write:
      if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
      try backend.write(Self.images(backend), to: path, threads: 1)
    case .read:
      try Self.read(backend.open(path, threads: 1))
    case .load:
      try Self.load(backend.open(path, threads: 1), as: .stored)
    case .loadFloats:
      try Self.load(backend.open(path, threads: 1), as: .float32(mean: [120], scale: [0.02]))
    }
  }

  private static func images(_ backend: StoreCatalog.Variant) throws -> InMemoryStore {
    let format =
      backend.holdsMasksAlone
      ? ImageFormat(height: 32, width: 32, elementType: .bool)
      : ImageFormat(height: 32, width: 32, channels: 3)
    var images = SyntheticImages(seed: 1)
    var writer = InMemoryStore.Writer()
    for index in 0..<imageCount {
      let image = images.image(.natural, format: format)
      try writer.append(image, format: format, label: index % 10)
    }
    return try writer.finish()
  }

  private static func read(_ store: any ImageStore) throws {
    var generator = SplitMix64(seed: 2)
    let order = Array(0..<store.count).shuffled(using: &generator)
    var batch = ImageBatch()
    for round in 0..<16 {
      for start in stride(from: 0, to: order.count, by: 128) {
        let indices = Array(order[start..<start + 128])
        let region = ImageRegion(row: 3, column: 5, height: 24, width: 24)
        try store.read(indices, regions: round % 2 == 0 ? .whole : .same(region), into: &batch)
      }
    }
  }

  private static func load(_ store: any ImageStore, as tensor: TensorFormat) throws {
    for epoch in 0..<16 {
      let crops = tensor == .stored || epoch % 2 == 0 ? Augmentation.none : Augmentation(crop: .padded(by: 4))
      var batches = store.batches(
        of: 128, in: .shuffled(seed: 42, epoch: epoch), as: tensor, augmentation: crops,
        options: LoaderOptions(workers: 1)
      ).makeBlockingIterator()
      while let batch = try batches.next() { precondition(batch.count == 128) }
    }
  }
}
