import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

/// Everything that starts workers, one test after another, so that what is left over can be counted.
@Suite(.serialized) struct LoaderTests {
  /// The images of a loader in turn, with what a batch says of them.
  func drain(_ loader: BatchLoader) throws -> (indices: [Int], labels: [Int32], pixels: [UInt8], sizes: [Int])
  {
    var result = (indices: [Int](), labels: [Int32](), pixels: [UInt8](), sizes: [Int]())
    var number = 0
    try loader.forEachBatch { batch in
      #expect(batch.number == number)
      number += 1
      result.indices += batch.indices
      result.labels += batch.labels
      result.pixels += bytes(batch.pixels)
      result.sizes.append(batch.count)
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 8], [1, 2, 5])
  func batchesAreTheSameWhateverTheWorkers(workers: Int, prefetch: Int) throws {
    let store = try makeStore(count: 203)
    let order = SampleOrder.shuffled(seed: 6, epoch: 1)
    let expected = try order.indices(of: 203).array(0..<203)
    let result = try drain(
      store.batches(of: 10, in: order, options: LoaderOptions(prefetch: prefetch, workers: workers)))
    #expect(result.indices == expected)
    #expect(result.labels == expected.map { Int32($0 % 10) })
    #expect(result.pixels == expected.flatMap { index in (0..<60).map { byte(index, $0) } })
    #expect(result.sizes == Array(repeating: 10, count: 20) + [3])
  }

  @Test func tasksGetTheSameBatches() async throws {
    let store = try makeStore(count: 203)
    let order = SampleOrder.blockShuffled(seed: 6, epoch: 1, blockSize: 8, window: 5)
    let loader = store.batches(of: 10, in: order, options: LoaderOptions(columns: ["name"]))
    let expected = try drain(loader)
    for _ in 0..<20 {
      var pixels: [UInt8] = []
      for try await batch in loader {
        pixels += bytes(batch.pixels)
        #expect(batch.columns["name"] == .string(batch.indices.map { "image \($0)" }))
        #expect(batch.shape == [batch.count, 4, 5, 3])
      }
      #expect(pixels == expected.pixels)
    }
  }

  @Test func theLastBatchIsKeptOrDropped() throws {
    let store = try makeStore(count: 25)
    let dropping = LoaderOptions(lastBatch: .drop)
    #expect(try drain(store.batches(of: 10)).sizes == [10, 10, 5])
    #expect(try drain(store.batches(of: 10, options: dropping)).sizes == [10, 10])
    #expect(try drain(store.batches(of: 5, options: dropping)).sizes == [5, 5, 5, 5, 5])
    #expect(try drain(store.batches(of: 100, options: dropping)).sizes == [])
    #expect(try drain(store.batches(of: 100)).sizes == [25])
    #expect(try drain(makeStore(count: 0).batches(of: 10)).sizes == [])
  }

  @Test func unlabelledImagesHaveNoLabels() throws {
    #expect(try drain(makeStore(count: 25, labelled: false).batches(of: 10)).labels == [])
  }

  @Test func imagesOfDifferentSizesComeAsTheyAre() throws {
    var synthetic = SyntheticImages(seed: 3)
    let model = synthetic.mixed(
      ImageFormat(height: 1, width: 1, channels: 2, elementType: .uint16), count: 40)
    let order = SampleOrder.shuffled(seed: 1, epoch: 0)
    try ModelStore(model).batches(of: 7, in: order).forEachBatch { batch in
      #expect(batch.shape == nil)
      for (position, index) in batch.indices.enumerated() {
        #expect(batch.layout[position] == model.formats[index])
        let range = batch.layout.byteRange(of: position)
        #expect(Array(bytes(batch.pixels)[range]) == model.pixels[index])
      }
    }
  }

  @Test func ranksShareAnEpoch() throws {
    let store = try makeStore(count: 100)
    let order = SampleOrder.shuffled(seed: 6, epoch: 1)
    let one = try drain(store.batches(of: 12, in: order))
    // A step of three ranks has the images of a step of one with batches three times as large.
    let parts = try (0..<3).map {
      try drain(store.batches(of: 4, in: order.sharded($0, of: 3, remainder: .drop)))
    }
    #expect(Set(parts.map(\.sizes)).count == 1)
    let joined = (0..<33).flatMap { step in parts.map { $0.indices[step] } }
    #expect(joined == Array(one.indices[..<99]))
  }

  @Test func nonsenseIsTheFirstBatchsError() async throws {
    let store = try makeStore(count: 10)
    let loaders = [
      store.batches(of: 0), store.batches(of: 2, options: LoaderOptions(columns: ["no"])),
      store.batches(of: 2, in: .sequential.sharded(3, of: 2)),
      store.batches(of: 2, resuming: LoaderState(order: .sequential, imageCount: 11)),
      store.batches(of: 2, resuming: LoaderState(order: .sequential, imageCount: 10, position: 11)),
      store.batches(of: 2, as: .float32(mean: [1, 2])),
      store.batches(of: 2, augmentation: Augmentation(crop: .random(height: 5, width: 5))),
      store.batches(
        of: 2, augmentation: Augmentation(crop: .fixed(ImageRegion(row: 1, column: 0, height: 4, width: 1)))),
      store.batches(of: 2, augmentation: Augmentation(flipProbability: 2)),
    ]
    for loader in loaders {
      var blocking = loader.makeBlockingIterator()
      #expect(throws: StoreError.self) { _ = try blocking.next() }
      #expect(try blocking.next() == nil)
      await #expect(throws: StoreError.self) { for try await _ in loader {} }
    }
  }
}
