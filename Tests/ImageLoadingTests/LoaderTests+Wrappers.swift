import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

extension LoaderTests {
  @Test func storesOfSeveralKindsLoadTogether() throws {
    let whole = try makeStore(count: 90)
    let parts = ConcatenatedStore([
      try whole.subset(0..<20), WatchedStore(try whole.subset(20..<70)) { (_) throws(StoreError) in },
      try whole.subset(70..<90).cached(upTo: 1 << 20),
    ])
    let order = SampleOrder.shuffled(seed: 8, epoch: 8)
    for tensor in [TensorFormat.stored, .float32()] {
      let (one, other) = try (
        drain(whole.batches(of: 8, in: order, as: tensor)),
        drain(parts.batches(of: 8, in: order, as: tensor))
      )
      #expect(one.indices == other.indices && one.labels == other.labels && one.pixels == other.pixels)
    }
  }

  @Test func aSecondEpochReadsNothing() throws {
    let reads = Atomic(0)
    let base = WatchedStore(try makeStore(count: 200)) { (indices) throws(StoreError) in
      reads.add(indices.count, ordering: .relaxed)
    }
    let cached = try base.cached(upTo: 1 << 20)
    let epochs = try (0..<3).map { epoch in
      try drain(
        cached.batches(of: 16, in: .shuffled(seed: 1, epoch: epoch), options: LoaderOptions(workers: 3)))
    }
    #expect(reads.load(ordering: .relaxed) == 200)
    #expect(epochs.allSatisfy { $0.indices.sorted() == Array(0..<200) })
    #expect(epochs[2].pixels == epochs[2].indices.flatMap { index in (0..<60).map { byte(index, $0) } })
    // With room for half of the images, half of them are read again.
    reads.store(0, ordering: .relaxed)
    let half = try base.cached(upTo: 200 * 4 + 100 * 64)
    for epoch in 0..<2 { _ = try drain(half.batches(of: 16, in: .shuffled(seed: 1, epoch: epoch))) }
    #expect(reads.load(ordering: .relaxed) == 300)
  }
}
