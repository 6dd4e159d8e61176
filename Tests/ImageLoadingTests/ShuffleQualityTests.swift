import ImageLoading
import ImageStoreCore
import Testing

@Suite struct ShuffleQualityTests {
  /// 20 classes of 1,000 images, one after another.
  static let sorted = (0..<20_000).map { $0 / 1000 }

  @Test func aBlockShuffleMixesSortedClasses() throws {
    for (blockSize, window) in [(50, 40), (16, 128), (100, 100), (8, 300)] {
      let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: blockSize, window: window)
      let quality = try order.quality(of: 20_000, labels: Self.sorted, batchSize: 256)
      let ratio = try #require(quality.classShareRatio)
      #expect(ratio < 1.1, "\(ratio) in windows of \(window) blocks of \(blockSize)")
    }
  }

  @Test func sequenceIsTheWorst() throws {
    let quality = try SampleOrder.sequential.quality(of: 20_000, labels: Self.sorted, batchSize: 250)
    #expect(quality.meanDisplacement == 0)
    #expect(quality.largestClassShare == 1)
  }

  @Test func aFullShuffleGoesFar() throws {
    let order = SampleOrder.shuffled(seed: 5, epoch: 5)
    let quality = try order.quality(of: 20_000, labels: Self.sorted, batchSize: 256)
    #expect(abs(quality.meanDisplacement - 1.0 / 3) < 0.01)
    #expect(quality.classShareRatio == 1)
    // What theory says of the largest of 20 counts of 256 images is near 20.
    let share = try #require(quality.largestClassShare)
    #expect(share > 0.07 && share < 0.09, "\(share)")
  }

  @Test func aWindowOfOneBlockMixesLittle() throws {
    let order = SampleOrder.blockShuffled(seed: 5, epoch: 5, blockSize: 500, window: 1)
    let quality = try order.quality(of: 20_000, labels: Self.sorted, batchSize: 250)
    #expect(try #require(quality.classShareRatio) > 5)
  }
}
