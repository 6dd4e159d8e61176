import CIFAR10
import ImageStoreCore
import ImageStoreTesting
import Testing

/// Reads large enough to go by the block, over files of several batches.
@Suite struct BulkReadingTests {
  private static let imageCounts = [1700, 900, 70]

  /// Binary batches of noise, and what their images are, interleaved naively.
  private static func write(to folder: TemporaryFolder) throws -> [[UInt8]] {
    var generator = SplitMix64(seed: 21)
    var images: [[UInt8]] = []
    for (number, count) in imageCounts.enumerated() {
      var file: [UInt8] = []
      for _ in 0..<count {
        let planes = (0..<3072).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        file.append(UInt8(images.count % 10))
        file += planes
        images.append(interleaved(planes))
      }
      _ = try folder.write("data_batch_\(number + 1).bin", file)
    }
    return images
  }

  @Test(arguments: [1, 2, 3])
  func agreesWithTheDefinition(threads: Int) throws {
    let folder = try TemporaryFolder()
    let images = try Self.write(to: folder)
    let store = try CIFAR10(at: folder.path, threads: threads).training
    #expect(store.count == images.count)
    var generator = SplitMix64(seed: 22)
    let mixed =
      Array(100..<1650) + (0..<400).map { _ in Int.random(in: 0..<images.count, using: &generator) }
      + Array(1600..<2600)
    for indices in [Array(0..<images.count), mixed, mixed.reversed()] {
      let batch = try store.read(indices)
      #expect([UInt8](copying: batch.pixels) == indices.flatMap { images[$0] })
    }
  }
}
