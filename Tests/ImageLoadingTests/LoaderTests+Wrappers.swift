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

  /// A cache answers as its base does, whatever is asked and however much it keeps.
  @Test(arguments: [0, 1000, 3000, 1 << 20])
  func cachesAnswerAsTheirBase(budget: Int) throws {
    var synthetic = SyntheticImages(seed: 33)
    let uniform = synthetic.uniform(ImageFormat(height: 5, width: 6, channels: 3), count: 40)
    let mixed = synthetic.mixed(ImageFormat(height: 5, width: 6, channels: 1), count: 40)
    for model in [uniform, mixed] {
      let base = ModelStore(model)
      let cached = try base.cached(upTo: budget)
      var generator = SplitMix64(seed: 34)
      for _ in 0..<60 {
        let indices = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
          Int.random(in: 0..<40, using: &generator)
        }
        #expect(try bytes(cached.read(indices).pixels) == bytes(base.read(indices).pixels))
        let region = ImageRegion(row: 1, column: 0, height: 1, width: 2)
        let usable = indices.filter { model.formats[$0].height >= 2 }
        #expect(
          try bytes(cached.read(usable, region: region).pixels)
            == bytes(base.read(usable, region: region).pixels))
        var lent: [[UInt8]] = []
        try cached.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
          #expect(position == lent.count && format == model.formats[indices[position]])
          lent.append(bytes(pixels))
        }
        #expect(lent == indices.map { model.pixels[$0] })
        #expect(cached.cachedByteCount <= budget)
      }
      #expect(throws: StoreError.self) { _ = try cached.read([40]) }
      #expect(throws: StoreError.self) {
        try cached.forEachImage([-1].span) { (_, _, _) throws(StoreError) in }
      }
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
