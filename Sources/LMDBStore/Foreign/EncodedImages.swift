internal import ImageStoreCore
internal import ImageStoreSupport

/// Images in values that have to be decoded.
struct EncodedImages: Sendable {
  /// Where values lie in the file.
  struct Locations: Sendable {
    private var offsets: [Int] = []
    private var byteCounts: [UInt32] = []

    /// A value has fewer than 4 GiB, since LMDB writes its length in 32 bits.
    mutating func append(offset: Int, byteCount: Int) {
      offsets.append(offset)
      byteCounts.append(UInt32(truncatingIfNeeded: byteCount))
    }

    subscript(index: Int) -> (offset: Int, byteCount: Int) { (offsets[index], Int(byteCounts[index])) }
  }

  private let locations: Locations
  private let formats: MixedPositions
  private let decoders: IdlePool<ForeignDecoder>
  /// What is wrong with images that cannot be read.
  private let broken: [Int: StoreError]

  init(
    _ kind: ForeignKind, _ description: StoreDescription, _ locations: Locations, _ formats: MixedPositions,
    broken: [Int: StoreError]
  ) {
    self.locations = locations
    self.formats = formats
    self.broken = broken
    decoders = IdlePool { () throws(StoreError) in ForeignDecoder(kind, description) }
  }

  /// Where the value of an image is in the file.
  func location(_ index: Int) -> (offset: Int, byteCount: Int) { locations[index] }

  /// The format all images have, or nil if they differ or one cannot be read.
  var format: ImageFormat? { formats.formats.count == 1 && broken.isEmpty ? formats.formats[0] : nil }

  func format(_ index: Int) throws(StoreError) -> ImageFormat {
    if let error = broken[index] { throw error }
    return formats.format(index)
  }

  /// Decodes images, or regions of them, to the caller's memory.
  func decode(
    _ plan: borrowing GatherPlan, of file: DatabaseFile, threads: Int,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try unsafe plan.decode(by: decoders, threads: threads, minimum: 16, into: memory) {
        (decoder, index, request, slot) throws(StoreError) in
        try unsafe decode(index, request, of: file, decoder, into: slot)
      }
    }
  }

  private func decode(
    _ index: Int, _ request: DecodeRequest, of file: DatabaseFile, _ decoder: ForeignDecoder,
    into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let location = locations[index]
    do throws(StoreError) {
      guard let value = unsafe file.map.bytes(at: location.offset, count: location.byteCount) else {
        throw StoreError(.corrupt, "the file is cut short")
      }
      try unsafe decoder.decode(value, request, into: slot)
    } catch {
      throw error.at(image: index)
    }
  }
}
