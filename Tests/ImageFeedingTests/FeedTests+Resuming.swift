import Foundation
import ImageFeeding
import ImageStoreCore
import ImageStoreTesting
import Testing

extension FeedTests {
  static let resumable: [SampleOrder] = [
    .shuffled(seed: 3, epoch: 2), .blockShuffled(seed: 3, epoch: 2, blockSize: 33, window: 20),
  ]

  /// From each of the 10,000 positions the next images are those of the uninterrupted epoch, and the
  /// position they lead to is theirs.
  @Test func everyPositionIsResumedFrom() throws {
    let store = try makeStore(count: 10_000, height: 1, width: 1, channels: 1)
    let order = SampleOrder.shuffled(seed: 3, epoch: 2)
    let whole = try order.indices(of: 10_000).array(0..<10_000)
    let options = FeedOptions(prefetch: 1, workers: 1)
    for start in 0...10_000 {
      let position = FeedPosition(order: order, imageCount: 10_000, position: start)
      var batches = store.batches(of: 16, from: position, options: options).makeBlockingIterator()
      guard let batch = try batches.next() else {
        #expect(start == 10_000)
        continue
      }
      let end = min(start + 16, 10_000)
      guard batch.indices == Array(whole[start..<end]), batch.position.position == end else {
        Issue.record("position \(start): \(batch.indices)")
        return
      }
    }
    expectNothingLeft()
  }

  @Test(arguments: resumable)
  func theRestIsTheRest(order: SampleOrder) throws {
    let store = try makeStore(count: 10_000, height: 1, width: 1, channels: 1)
    let augmentation = Augmentation(crop: .padded(by: 1), mirrorProbability: 0.5)
    let whole = try drain(store.batches(of: 100, in: order, augmentation: augmentation))
    var generator = SplitMix64(seed: 8)
    for _ in 0..<30 {
      let stop = Int.random(in: 0..<60, using: &generator)
      var batches = store.batches(of: 173, in: order, augmentation: augmentation).makeBlockingIterator()
      var position = FeedPosition(order: order, imageCount: 10_000)
      for _ in 0..<stop { position = try #require(try batches.next()?.position ?? position) }
      let saved = try JSONDecoder().decode(FeedPosition.self, from: JSONEncoder().encode(position))
      let rest = try drain(store.batches(of: 64, from: saved, augmentation: augmentation))
      #expect(rest.indices == Array(whole.indices[position.position...]))
      #expect(rest.pixels == Array(whole.pixels[position.position...]))
    }
  }

  @Test func otherRanksResume() throws {
    let store = try makeStore(count: 1000, height: 1, width: 1, channels: 1)
    let order = SampleOrder.shuffled(seed: 3, epoch: 2)
    let whole = try drain(store.batches(of: 100, in: order))
    var rank = store.batches(of: 16, in: order.rank(1, of: 3)).makeBlockingIterator()
    var position = FeedPosition(order: order, imageCount: 1000)
    for _ in 0..<5 { position = try #require(try rank.next()).position }
    #expect(position.position == 5 * 16 * 3)
    let parts = try (0..<2).map { try drain(store.batches(of: 16, from: position.rank($0, of: 2))) }
    let joined = parts[0].indices.indices.flatMap { step in parts.map { $0.indices[step] } }
    #expect(joined == Array(whole.indices[240...]))
  }
}
