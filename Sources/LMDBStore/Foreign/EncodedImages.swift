internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport

/// Images in values that have to be decoded.
struct EncodedImages: Sendable {
  /// Where values are in the file.
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

  /// Where the value of each image is in the file; a number below 0 is a position in ``copies``,
  /// counted from -1 downwards.
  private let index: EncodedIndex
  /// Values that are within leaves of the tree, which move; a store of this package copies them
  /// when it is opened.
  private let copies: [UInt8]
  /// Whether the values are only encoded images, which by default decode to the delivered images.
  let areFiles: Bool
  private let decoders: IdlePool<ForeignDecoder>
  private let description: StoreDescription
  /// The errors of images that cannot be read.
  private let broken: [Int: StoreError]

  init(
    _ kind: ForeignKind, _ description: StoreDescription, _ locations: Locations, _ formats: MixedPositions,
    broken: [Int: StoreError]
  ) {
    var index = EncodedIndex()
    index.reserveCapacity(formats.count)
    for image in 0..<formats.count {
      let (offset, byteCount) = locations[image]
      index.append(StoredKind(formats.format(image)), at: offset..<offset + byteCount)
    }
    self.index = index
    self.broken = broken
    self.description = description
    copies = []
    if case .encoded = kind {
      areFiles = broken.isEmpty && ImageCodecs.areDeliveredAsEncoded(description)
    } else {
      areFiles = false
    }
    decoders = IdlePool { () throws(StoreError) in ForeignDecoder(kind, description) }
  }

  /// The images of a store of this package.
  init(_ index: EncodedIndex, copies: [UInt8], _ description: StoreDescription = StoreDescription()) {
    self.index = index
    self.copies = copies
    areFiles = ImageCodecs.areDeliveredAsEncoded(description)
    self.description = description
    broken = [:]
    decoders = IdlePool { ForeignDecoder(.encoded, description) }
  }

  /// The images of a store of this package as they are, or as viewers show them.
  func oriented(_ description: StoreDescription) throws(StoreError) -> EncodedImages {
    try ImageCodecs.checkUse(of: description, in: index)
    return EncodedImages(
      description.orientation == .upright ? index.upright() : index, copies: copies, description)
  }

  /// Compares images with the index.
  func verifier() -> EncodedVerifier { EncodedVerifier(ImageCodecs.all(description)) }

  /// Where the value of an image is in the file; nil if a copy was made when the store was opened.
  func range(_ image: Int) -> Range<Int>? {
    let range = index.range(of: image)
    return range.lowerBound >= 0 ? range : nil
  }

  /// The format all images have, or nil if they differ or one cannot be read.
  var format: ImageFormat? { broken.isEmpty ? index.uniformFormat : nil }

  func format(_ image: Int) throws(StoreError) -> ImageFormat {
    if let error = broken[image] { throw error }
    return index.format(at: image)
  }

  /// The kind of an image in the index of a store of this package; the codec is 0 if there is no
  /// index.
  func kind(_ image: Int) -> StoredKind { index.kind(at: image) }

  /// All kinds in the index.
  var kinds: [StoredKind] { index.allKinds }

  /// Lends the value of an image.
  func withValue<Result>(
    _ image: Int, of file: DatabaseFile, _ body: (RawSpan) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let range = index.range(of: image)
    guard range.lowerBound >= 0 else {
      let start = -1 - range.lowerBound
      return try unsafe body(copies.span.bytes.extracting(start..<start + range.count))
    }
    guard let value = unsafe file.map.bytes(at: range.lowerBound, count: range.count) else {
      throw StoreError(.corrupt, "the file is cut short")
    }
    return try unsafe withRawSpan(of: value, body)
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
    do throws(StoreError) {
      try withValue(index, of: file) { (value) throws(StoreError) in
        try unsafe value.withUnsafeBytes { (value) throws(StoreError) in
          try unsafe decoder.decode(value, request, into: slot)
        }
      }
    } catch {
      throw error.at(image: index)
    }
  }
}
