import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

extension LoaderTests {
  static let resumable: [SampleOrder] = [
    .shuffled(seed: 3, epoch: 2), .blockShuffled(seed: 3, epoch: 2, blockSize: 33, window: 20),
    .blockShuffled(seed: 3, epoch: 2, blockSize: 9, window: 20, lanes: 8),
  ]

  struct Resumed: Sendable, CustomTestStringConvertible {
    let order: SampleOrder
    let ranks: Int
    var testDescription: String { "\(order.kind) by \(ranks)" }

    static let all =
      ProcessInfo.processInfo.environment["IMAGE_STORES_EXHAUSTIVE"] == nil
      ? [Resumed(order: resumable[0], ranks: 1)]
      : resumable.flatMap { order in [1, 2, 3, 8].map { Resumed(order: order, ranks: $0) } }
  }

  /// From each of the 10,000 positions the rest is that of the uninterrupted epoch, to the end: for ranks of
  /// any number and for every order with IMAGE_STORES_EXHAUSTIVE set, which takes minutes.
  @Test(arguments: Resumed.all)
  func everyPositionIsResumedFrom(resumed: Resumed) throws {
    let (order, ranks) = (resumed.order, resumed.ranks)
    let whole = try order.indices(of: 10_000).array(0..<10_000)
    #expect(whole.sorted() == Array(0..<10_000))
    // What every `ranks`-th position has, by the first of them.
    let strided = (0..<ranks).map { first in stride(from: first, to: 10_000, by: ranks).map { whole[$0] } }
    let wrong = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 10_001) { start in
      for rank in 0..<ranks {
        let isRest = try? {
          let indices = try order.sharded(rank, of: ranks, remainder: .drop).indices(of: 10_000, from: start)
          let part = indices.array(0..<indices.count)
          let expected = strided[(start + rank) % ranks]
          let first = (start + rank) / ranks
          guard part.count == (10_000 - start) / ranks else { return false }
          return unsafe haveSameBytes(
            part.span.bytes, expected.span.extracting(first..<first + part.count).bytes)
        }()
        if isRest != true { wrong.withLock { $0.append(start) } }
      }
    }
    #expect(wrong.withLock { $0.sorted() } == [])
  }

  /// From each of the 10,000 positions a loader has the rest, pixels and the positions that its
  /// batches lead to: the next batch of each, and all of every hundredth.
  @Test(arguments: resumable)
  func loadersResumeFromEveryPosition(order: SampleOrder) throws {
    let store = try makeStore(count: 10_000, height: 1, width: 1, channels: 1)
    let whole = try order.indices(of: 10_000).array(0..<10_000)
    let pixels = whole.map { byte($0, 0) }
    let options = LoaderOptions(prefetch: 1, workers: 1)
    for start in 0...10_000 {
      let state = LoaderState(order: order, imageCount: 10_000, position: start)
      let isWhole = start % 100 == 37
      let size = isWhole ? 1 + start % 1009 : 16
      var batches = store.batches(of: size, resuming: state, options: options).makeBlockingIterator()
      var position = start
      while isWhole || position == start, let batch = try batches.next() {
        let end = position + batch.count
        guard end <= 10_000, batch.state.position == end,
          unsafe haveSameBytes(batch.indices.span.bytes, whole.span.extracting(position..<end).bytes),
          unsafe haveSameBytes(batch.pixels, pixels.span.extracting(position..<end).bytes)
        else {
          Issue.record("resumed from \(start), the batch at \(position) is another")
          return
        }
        position = end
      }
      #expect(position == (isWhole ? 10_000 : min(start + size, 10_000)))
    }
    expectNothingLeft()
  }

  @Test(arguments: resumable)
  func theRestIsTheRest(order: SampleOrder) throws {
    let store = try makeStore(count: 10_000, height: 1, width: 1, channels: 1)
    let augmentation = Augmentation(crop: .padded(by: 1), flipProbability: 0.5)
    let whole = try drain(store.batches(of: 100, in: order, augmentation: augmentation))
    var generator = SplitMix64(seed: 8)
    for _ in 0..<30 {
      let stop = Int.random(in: 0..<60, using: &generator)
      var batches = store.batches(of: 173, in: order, augmentation: augmentation).makeBlockingIterator()
      var state = LoaderState(order: order, imageCount: 10_000)
      for _ in 0..<stop { state = try #require(try batches.next()?.state ?? state) }
      let saved = try JSONDecoder().decode(LoaderState.self, from: JSONEncoder().encode(state))
      let rest = try drain(store.batches(of: 64, resuming: saved, augmentation: augmentation))
      #expect(rest.indices == Array(whole.indices[state.position...]))
      #expect(rest.pixels == Array(whole.pixels[state.position...]))
    }
  }

  @Test func otherRanksResume() throws {
    let store = try makeStore(count: 1000, height: 1, width: 1, channels: 1)
    let order = SampleOrder.shuffled(seed: 3, epoch: 2)
    let whole = try drain(store.batches(of: 100, in: order))
    var rank = store.batches(of: 16, in: order.sharded(1, of: 3)).makeBlockingIterator()
    var state = LoaderState(order: order, imageCount: 1000)
    for _ in 0..<5 { state = try #require(try rank.next()).state }
    #expect(state.position == 5 * 16 * 3)
    let parts = try (0..<2).map { try drain(store.batches(of: 16, resuming: state.sharded($0, of: 2))) }
    let joined = parts[0].indices.indices.flatMap { step in parts.map { $0.indices[step] } }
    #expect(joined == Array(whole.indices[240...]))
  }
}
