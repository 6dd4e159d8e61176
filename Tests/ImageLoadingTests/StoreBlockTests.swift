import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import ImageLoading

@Suite struct StoreBlockTests {
  @Test(arguments: [UInt64(1), 2, 3])
  func theImagesOfAWindowAreThoseThatItsPositionsHave(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let (count, size, window) = (
        Int.random(in: 1...3000, using: &generator), Int.random(in: 1...40, using: &generator),
        Int.random(in: 1...30, using: &generator)
      )
      let order = SampleOrder.blockShuffled(seed: seed, epoch: 1, blockSize: size, window: window)
      let indices = try order.indices(of: count)
      var position = 0
      while position < count {
        let end = try #require(indices.windowEnd(of: position))
        let images = try #require(indices.imagesOfWindow(of: position))
        let expected = indices.array(position..<end).sorted()
        #expect(images == expected, "count \(count), blocks of \(size), windows of \(window), at \(position)")
        guard images == expected, end > position else { return }
        position = end
      }
    }
  }

  @Test func blocksFollowFromTheStore() throws {
    let store = try makeStore(count: 3000, height: 32, width: 32)
    let order = SampleOrder.blockShuffled(seed: 4, epoch: 2)
    let resolved = try order.resolved(for: store)
    #expect(resolved == .blockShuffled(seed: 4, epoch: 2, blockSize: 42, window: 128))
    #expect(try order.indices(of: store).array(0..<3000) == resolved.indices(of: 3000).array(0..<3000))
    #expect(try order.sharded(1, of: 3).resolved(for: store) == resolved.sharded(1, of: 3))
    #expect(#expect(throws: StoreError.self) { _ = try order.indices(of: 3000) }?.code == .invalidArgument)
  }

  @Test func windowsGrowWithTheStore() {
    // At least enough to mix, at most 64 MB of blocks of 128 KB, a sixteenth of the store between.
    let windows = [1, 100, 2048, 2400, 8192, 1 << 20].map(StoreBlocks.window(ofBlocks:))
    #expect(windows == [128, 128, 128, 150, 512, 512])
  }

  @Test func savedStatesSayTheBlocks() throws {
    let store = try makeStore(count: 300)
    var batches = store.batches(of: 50, in: .blockShuffled(seed: 4, epoch: 2)).makeBlockingIterator()
    let state = try #require(try batches.next()).state
    #expect(state.order == (try SampleOrder.blockShuffled(seed: 4, epoch: 2).resolved(for: store)))
  }

  /// The blocks of images of 3 KB to 150 KB mix a set that is sorted by class about as well as a
  /// full shuffle.
  @Test(arguments: [(100_000, 3072, 10), (20_000, 40_000, 100), (10_000, 150_528, 100)])
  func theDefaultMixesWell(count: Int, byteCount: Int, classes: Int) throws {
    let blockSize = max(1, (128 << 10) / byteCount)
    let window = StoreBlocks.window(ofBlocks: (count + blockSize - 1) / blockSize)
    let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: blockSize, window: window)
    let labels = (0..<count).map { $0 * classes / count }
    let quality = try order.quality(of: count, labels: labels, batchSize: 256)
    #expect(try #require(quality.classShareRatio) < 1.1)
  }
}
