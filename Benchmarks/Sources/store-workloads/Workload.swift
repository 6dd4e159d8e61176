import Foundation
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

  private static let imageCount = 512

  func run(_ backend: Backend, in folder: String) throws {
    let path = "\(folder)/\(backend.rawValue)"
    switch self {
    case .start: break
    case .make: _ = try Self.images(backend.format)
    case .write:
      if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
      try backend.write(Self.images(backend.format), path)
    case .read:
      try Self.read(backend.open(path))
    }
  }

  private static func images(_ format: ImageFormat) throws -> InMemoryStore {
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
}
