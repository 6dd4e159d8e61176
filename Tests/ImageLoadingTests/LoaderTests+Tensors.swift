import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Testing

extension LoaderTests {
  static func tensors(channels: Int) -> [TensorFormat] {
    let mean = (0..<channels).map { Float($0) * 1.7 + 100 }
    let scale = (0..<channels).map { Float($0) * 0.3 + 0.01 }
    return [
      .stored, .stored(dimensions: .nchw), .float32(dimensions: .nhwc), .float32(),
      .float32(mean: mean, scale: scale, dimensions: .nhwc), .float32(mean: mean, scale: scale),
      .float16(mean: mean, scale: scale, dimensions: .nhwc), .float16(mean: mean, scale: [0.37]),
    ]
  }

  /// Statistics of samples in 0...1 go with the range of each type.
  @Test(arguments: [
    (ElementType.bool, [0, 1] as [UInt8]), (.uint8, [0, 255]), (.uint16, [0, 0, 255, 255]),
  ])
  func normalizedBlackAndWhite(_ type: ElementType, _ bytes: [UInt8]) throws {
    let format = ImageFormat(height: 1, width: 2, channels: 1, elementType: type)
    var writer = InMemoryStore.Writer()
    try unsafe writer.append(bytes.span.bytes, layout: BatchLayout(format, count: 1), labels: ImageLabels())
    let store = try writer.finish()
    let tensor = TensorFormat.normalized(mean: [0.5], standardDeviation: [0.5])
    try store.batches(of: 1, as: tensor).forEachBatch { batch in
      let samples = unsafe batch.pixels.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
      #expect(abs(samples[0] + 1) < 1e-6 && abs(samples[1] - 1) < 1e-6, "\(type): \(samples)")
    }
    for deviation in [Float(0), -1, .nan] {
      let wrong = TensorFormat.normalized(mean: [0.5], standardDeviation: [deviation])
      #expect(throws: StoreError.self) { try store.batches(of: 1, as: wrong).forEachBatch { _ in } }
    }
  }

  @Test func normalizedIntegersAreRefused() throws {
    let format = ImageFormat(height: 1, width: 2, channels: 1, elementType: .int16)
    var writer = InMemoryStore.Writer()
    let bytes = [UInt8](repeating: 1, count: 4)
    try unsafe writer.append(bytes.span.bytes, layout: BatchLayout(format, count: 1), labels: ImageLabels())
    let store = try writer.finish()
    let error = #expect(throws: StoreError.self) {
      try store.batches(of: 1, as: .normalized(mean: [0.5], standardDeviation: [0.5])).forEachBatch { _ in }
    }
    #expect(error?.code == .unsupported)
  }

  /// Whole images and fixed crops of every type, layout and number of channels.
  @Test(arguments: ElementType.allCases)
  func imagesBecomeTensors(type: ElementType) throws {
    var synthetic = SyntheticImages(seed: 21)
    for (height, width, channels) in [(3, 37, 1), (4, 19, 2), (5, 33, 3), (2, 18, 4), (3, 7, 11)] {
      let format = ImageFormat(height: height, width: width, channels: channels, elementType: type)
      let model = synthetic.uniform(format, count: 5, kind: .noise)
      let store = try InMemoryStore(copying: ModelStore(model))
      let regions = [
        nil, ImageRegion(row: 1, column: 2, height: height - 1, width: width - 3),
        ImageRegion(row: 1, column: 0, height: 1, width: width),
      ]
      for tensor in Self.tensors(channels: channels) {
        for region in regions {
          let augmentation = Augmentation(crop: region.map { .fixed($0) })
          let window = region ?? ImageRegion(wholeOf: format)
          try store.batches(of: 4, as: tensor, augmentation: augmentation).forEachBatch { batch in
            let expected = batch.indices.flatMap {
              NaiveTensor(format: format, pixels: model.pixels[$0]).window(
                tensor, row: window.row, column: window.column, height: window.height,
                width: window.width, flipped: false)
            }
            #expect(
              bytes(batch.pixels).unifyingNaNs(tensor) == expected.unifyingNaNs(tensor),
              "\(format) as \(tensor) of \(window)")
            let shape =
              tensor.dimensionOrder == .nhwc
              ? [batch.count, window.height, window.width, channels]
              : [batch.count, channels, window.height, window.width]
            #expect(batch.shape == shape)
            #expect(batch.dimensionOrder == tensor.dimensionOrder)
          }
        }
      }
    }
  }

  /// Crops and flips are those that the documented words choose, for stores that lend and that decode.
  @Test(arguments: [
    Augmentation(flipProbability: 0.5), Augmentation(crop: .random(height: 9, width: 21)),
    Augmentation(crop: .random(height: 9, width: 21), flipProbability: 0.5, seed: 77, epoch: 3),
    Augmentation(crop: .padded(by: 4)), Augmentation(crop: .padded(by: 30), flipProbability: 1),
  ])
  func augmentationsAreReproducible(augmentation: Augmentation) throws {
    var synthetic = SyntheticImages(seed: 22)
    for channels in [1, 2, 3, 4, 5] {
      let format = ImageFormat(height: 12, width: 26, channels: channels)
      let model = synthetic.uniform(format, count: 30)
      let lending = try InMemoryStore(copying: ModelStore(model))
      let copying = WatchedStore(lending) { (_) throws(StoreError) in }
      var (height, width) = (12, 26)
      if case .random(let h, let w) = augmentation.crop { (height, width) = (h, w) }
      let order = SampleOrder.shuffled(seed: 5, epoch: 9)
      for tensor in [TensorFormat.stored, .stored(dimensions: .nchw), .float32(mean: [3], scale: [2])] {
        for store in [lending as any ImageStore, copying] {
          try store.batches(of: 7, in: order, as: tensor, augmentation: augmentation).forEachBatch { batch in
            let expected = batch.indices.flatMap { index in
              let choice = NaiveChoice(
                augmentation, seed: augmentation.seed ?? 5, epoch: augmentation.epoch ?? 9, sample: index,
                rows: 12 - height, columns: 26 - width)
              return NaiveTensor(format: format, pixels: model.pixels[index]).window(
                tensor, row: choice.row, column: choice.column, height: height, width: width,
                flipped: choice.isFlipped)
            }
            #expect(bytes(batch.pixels) == expected)
          }
        }
      }
    }
  }

  @Test func everyHalfIsReadAndEveryFloatRoundedRight() throws {
    let all = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let halves = ImageFormat(height: 256, width: 256, elementType: .float16)
    var model = ModelImages()
    model.append(all, format: halves)
    try ModelStore(model).batches(of: 1, as: .float32()).forEachBatch { batch in
      let floats = try batch.samples(as: Float.self)
      for bits in 0...UInt16.max {
        let (value, expected) = (floats[Int(bits)], NaiveTensor.half(bits))
        guard value == expected || (value.isNaN && expected.isNaN) else {
          Issue.record("\(bits) is \(value), not \(expected)")
          return
        }
      }
    }
    // Numbers of binary16, halfway between them and next to them, of both signs.
    var floats: [Float] = [.infinity, -.infinity, .nan, .leastNonzeroMagnitude, 65519.99, 65520, -1e30, 3e-8]
    for bits in stride(from: 0, to: UInt16(0x7BFF), by: 7) {
      let (low, high) = (NaiveTensor.half(bits), NaiveTensor.half(bits + 1))
      let middle = (low + high) / 2
      floats += [low, -low, middle, -middle, middle.nextUp, middle.nextDown]
    }
    let format = ImageFormat(height: 1, width: floats.count, elementType: .float32)
    var wide = ModelImages()
    wide.append(
      floats.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } },
      format: format)
    try ModelStore(wide).batches(of: 1, as: .float16()).forEachBatch { batch in
      let result = bytes(batch.pixels).unifyingNaNs(.float16())
      for (offset, value) in floats.enumerated() {
        let bits = UInt16(result[2 * offset]) | UInt16(result[2 * offset + 1]) << 8
        #expect(bits == NaiveTensor.bits(nearest: value), "\(value)")
      }
    }
  }

  @Test func imagesOfDifferentSizesAreCroppedToOne() throws {
    var synthetic = SyntheticImages(seed: 23)
    let model = synthetic.mixed(ImageFormat(height: 1, width: 1, channels: 3), count: 20)
    let augmentation = Augmentation(crop: .random(height: 1, width: 2))
    try ModelStore(model).batches(of: 6, as: .float32(dimensions: .nhwc), augmentation: augmentation)
      .forEachBatch { batch in
        for (position, index) in batch.indices.enumerated() {
          let format = model.formats[index]
          let choice = NaiveChoice(
            augmentation, seed: 0, epoch: 0, sample: index, rows: format.height - 1, columns: format.width - 2
          )
          let expected = NaiveTensor(format: format, pixels: model.pixels[index]).window(
            .float32(dimensions: .nhwc), row: choice.row, column: choice.column, height: 1, width: 2,
            flipped: false)
          #expect(Array(bytes(batch.pixels)[batch.layout.byteRange(of: position)]) == expected)
        }
      }
    let error = #expect(throws: StoreError.self) {
      _ = try drain(ModelStore(model).batches(of: 6, as: .float32()))
    }
    #expect(error?.code == .invalidArgument)
  }
}

/// The choice that `Docs/SampleOrder.md` specifies, made only with SplitMix64.
struct NaiveChoice {
  var row = 0
  var column = 0
  var isFlipped = false

  static func first(_ state: UInt64) -> UInt64 {
    var generator = SplitMix64(seed: state)
    return generator.next()
  }

  init(_ augmentation: Augmentation, seed: UInt64, epoch: Int, sample: Int, rows: Int, columns: Int) {
    let key = Self.first(Self.first(Self.first(seed) &+ UInt64(epoch)) &+ 4)
    func word(_ counter: Int) -> UInt64 {
      // The number of that place of the generator's stream: it counts in steps of the golden ratio.
      Self.first(key &+ UInt64(counter) &* 0x9E37_79B9_7F4A_7C15)
    }
    func scaled(_ word: UInt64, _ count: Int) -> Int { Int(word.multipliedFullWidth(by: UInt64(count)).high) }
    isFlipped = Double(word(3 * sample) >> 11) / 9_007_199_254_740_992 < augmentation.flipProbability
    switch augmentation.crop {
    case .random:
      row = scaled(word(3 * sample + 1), rows + 1)
      column = scaled(word(3 * sample + 2), columns + 1)
    case .padded(let margin):
      row = scaled(word(3 * sample + 1), 2 * margin + 1) - margin
      column = scaled(word(3 * sample + 2), 2 * margin + 1) - margin
    default: break
    }
  }
}
