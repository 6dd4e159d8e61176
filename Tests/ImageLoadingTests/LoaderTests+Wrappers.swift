import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

extension LoaderTests {
  @Test func imagesAndMasksAreCroppedAlike() throws {
    var synthetic = SyntheticImages(seed: 31)
    let imageFormat = ImageFormat(height: 9, width: 14, channels: 3)
    let maskFormat = ImageFormat(height: 9, width: 14, elementType: .bool)
    let images = synthetic.uniform(imageFormat, count: 25)
    let masks = synthetic.uniform(maskFormat, count: 25)
    let pairs = try ZippedStore(
      InMemoryStore(copying: ModelStore(images)), masks: ModelStore(masks))
    let augmentation = Augmentation(crop: .random(height: 4, width: 6), mirrorProbability: 0.5)
    var seen: [Int] = []
    try pairs.pairs(
      of: 4, in: .shuffled(seed: 2, epoch: 2), as: .float32(), augmentation: augmentation
    ).forEachBatch { batch in
      let partner = try #require(batch.masks)
      #expect(partner.indices == batch.indices && partner.masks == nil)
      for (place, index) in batch.indices.enumerated() {
        let choice = NaiveChoice(augmentation, seed: 2, epoch: 2, sample: index, rows: 5, columns: 8)
        func window(_ model: ModelImages, _ tensor: TensorFormat) -> [UInt8] {
          NaiveTensor(format: model.formats[index], pixels: model.pixels[index]).window(
            tensor, row: choice.row, column: choice.column, height: 4, width: 6, mirrored: choice.isMirrored)
        }
        let image = Array(bytes(batch.pixels)[batch.layout.byteRange(of: place)])
        let mask = Array(bytes(partner.pixels)[partner.layout.byteRange(of: place)])
        #expect(image == window(images, .float32()))
        #expect(mask == window(masks, .stored))
      }
      seen += batch.indices
    }
    #expect(seen.sorted() == Array(0..<25))
    #expect(try drain(pairs.batches(of: 4)).indices == Array(0..<25))
  }

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
