import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct CachedStoreTests {
  /// A cache answers as its base does, whatever is asked and however much it keeps.
  @Test(arguments: [0, 1000, 3000, 1 << 20])
  func answersAsItsBase(budget: Int) throws {
    for model in [Samples.uniform(40), Samples.mixed(40)] {
      let base = ModelStore(model)
      let cached = try base.cached(upTo: budget)
      var generator = SplitMix64(seed: 34)
      for _ in 0..<60 {
        let indices = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
          Int.random(in: 0..<40, using: &generator)
        }
        #expect(try Samples.bytes(of: cached.read(indices)) == model.gather(indices))
        let region = ImageRegion(row: 1, column: 0, height: 1, width: 2)
        let usable = indices.filter { model.formats[$0].height >= 2 && model.formats[$0].width >= 2 }
        #expect(
          try Samples.bytes(of: cached.read(usable, regions: .same(region)))
            == model.gather(usable, regions: [region]))
        let each = usable.map { ImageRegion(row: $0 % 2, column: 0, height: 1, width: 2) }
        var batch = ImageBatch()
        try cached.read(usable, regions: .each(each), into: &batch)
        #expect(Samples.bytes(of: batch) == model.gather(usable, regions: each))
        var borrowed: [[UInt8]] = []
        try cached.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
          #expect(position == borrowed.count && format == model.formats[indices[position]])
          borrowed.append(unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) })
        }
        #expect(borrowed == indices.map { model.pixels[$0] })
        #expect(cached.cachedByteCount <= budget)
      }
      expectError(.indexOutOfRange) { _ = try cached.read([40]) }
      expectError(.indexOutOfRange) {
        try cached.forEachImage([-1].span) { (_, _, _) throws(StoreError) in }
      }
    }
  }

  @Test func keepsWhatIsReadFirst() throws {
    let images = Samples.uniform(10)
    let probe = Probe(try Samples.store(images))
    let cached = try probe.cached(upTo: 1 << 20)
    for _ in 0..<3 { #expect(try Samples.bytes(of: cached.read([7, 1])) == images.gather([7, 1])) }
    #expect(probe.calls.lendings == [[7, 1]])
    // Of what is asked for next, only what is missing is read.
    #expect(try Samples.bytes(of: cached.read([1, 3, 7])) == images.gather([1, 3, 7]))
    #expect(probe.calls.lendings == [[7, 1], [3]])
    #expect(probe.calls.reads.isEmpty)
  }

  /// A base that lends something else than it announces is found out before it is kept: the cache
  /// reads what it keeps by the format that was announced.
  @Test(arguments: [BrokenStore.Fault.fewerBytes, .anotherFormat, .fewerImages, .moreImages, .anotherOrder])
  func refusesWhatWasNotAnnounced(fault: BrokenStore.Fault) throws {
    let cached = try BrokenStore(base: try Samples.store(Samples.uniform(6)), fault: fault).cached(
      upTo: 1 << 20)
    expectError(.corrupt) { _ = try cached.read([2, 4]) }
    expectError(.corrupt) {
      try cached.forEachImage([1, 3].span) { (_, _, _) throws(StoreError) in }
    }
  }
}

/// A store that lends other images than it announces.
struct BrokenStore: StoreWrapper {
  enum Fault {
    case fewerBytes, anotherFormat, fewerImages, moreImages, anotherOrder
  }

  let base: any ImageStore
  let fault: Fault

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let last = indices.count - 1
    try base.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
      switch fault {
      case .fewerBytes: try body(position, format, pixels.extracting(0..<pixels.byteCount - 1))
      case .anotherFormat:
        try body(position, format.resized(height: format.width, width: format.height), pixels)
      case .fewerImages: if position < last { try body(position, format, pixels) }
      case .moreImages:
        try body(position, format, pixels)
        if position == last { try body(position + 1, format, pixels) }
      case .anotherOrder: try body(last - position, format, pixels)
      }
    }
  }
}
