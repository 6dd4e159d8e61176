internal import ImageStoreCore
internal import ImageStoreSupport

/// Images in values that have to be decoded.
struct EncodedImages: Sendable {
  /// Where values lie in the file.
  struct Places: Sendable {
    private var offsets: [Int] = []
    private var byteCounts: [UInt32] = []

    /// A value has fewer than 4 GiB, since LMDB writes its length in 32 bits.
    mutating func append(offset: Int, byteCount: Int) {
      offsets.append(offset)
      byteCounts.append(UInt32(truncatingIfNeeded: byteCount))
    }

    subscript(index: Int) -> (offset: Int, byteCount: Int) { (offsets[index], Int(byteCounts[index])) }
  }

  private let kind: ForeignKind
  private let places: Places
  private let formats: MixedPositions

  init(_ kind: ForeignKind, _ places: Places, _ formats: MixedPositions) {
    self.kind = kind
    self.places = places
    self.formats = formats
  }

  /// The format all images have, or nil where they differ.
  var format: ImageFormat? { formats.formats.count == 1 ? formats.formats[0] : nil }

  func format(_ index: Int) -> ImageFormat { formats.format(index) }

  /// Decodes images, or regions of them, to the caller's memory.
  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, of file: DatabaseFile, threads: Int,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let slots = try slots(indices, regions: regions)
    try unsafe destination.appendBytes(slots.last ?? 0) { (memory) throws(StoreError) in
      // Every run writes slots of its own.
      try Workers.performRuns(of: indices.count, minimum: 16, threads: threads) { (run) throws(StoreError) in
        var decoder = ForeignDecoder(kind)
        for position in run {
          let slot = unsafe UnsafeMutableRawBufferPointer(
            rebasing: memory[slots[position]..<slots[position + 1]])
          let region = regions.count == 0 ? nil : regions[regions.count == 1 ? 0 : position]
          try unsafe decode(indices[position], region: region, of: file, &decoder, into: slot)
        }
      }
    }
  }

  /// Decodes images one after another and lends them.
  func forEach(
    _ indices: Span<Int>, of file: DatabaseFile,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices { try check(indices[position]) }
    var decoder = ForeignDecoder(kind)
    var scratch = try PixelMemory(capacity: 0)
    for position in indices.indices {
      let format = format(indices[position])
      if scratch.capacity < format.byteCount { scratch = try PixelMemory(capacity: format.byteCount) }
      try scratch.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(format.byteCount) { (memory) throws(StoreError) in
          try unsafe decode(indices[position], region: nil, of: file, &decoder, into: memory)
        }
      }
      try body(position, format, scratch.span)
    }
  }

  /// Where each delivered image begins and, at the end, where the last one ends, with all arguments checked.
  private func slots(
    _ indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> [Int] {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var slots = [0]
    slots.reserveCapacity(indices.count + 1)
    var end = 0
    for position in indices.indices {
      try check(indices[position])
      let format = format(indices[position])
      if regions.count == 0 {
        end += format.byteCount
      } else {
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else {
          throw .outside(region, of: format, image: indices[position])
        }
        try checkSameSize(region, as: regions[0])
        end += region.height * region.width * format.bytesPerPixel
      }
      slots.append(end)
    }
    return slots
  }

  private func check(_ index: Int) throws(StoreError) {
    guard index >= 0 && index < formats.count else {
      throw .indexOutOfRange(index, count: formats.count)
    }
  }

  private func decode(
    _ index: Int, region: ImageRegion?, of file: DatabaseFile, _ decoder: inout ForeignDecoder,
    into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let place = places[index]
    do throws(StoreError) {
      guard let value = unsafe file.map.bytes(at: place.offset, count: place.byteCount) else {
        throw StoreError(.corrupt, "the file is cut short")
      }
      try unsafe decoder.decode(value, as: format(index), region: region, into: slot)
    } catch {
      throw error.at(image: index)
    }
  }
}
