package import ImageStoreCore

/// JPEG among the codecs of encoded images. It always exists, so that a JPEG is recognised; the
/// decoder exists only with the trait `JPEG`.
package struct JPEG: ImageCodec {
  private let orientation: StoreDescription.Orientation
  private let refusesOddities: Bool

  package let name = "JPEG"
  package let number: UInt8 = 2
  package let fileSuffixes = ["jpg", "jpeg", "jpe"]

  /// - Parameters:
  ///   - orientation: how images are oriented.
  ///   - refusesOddities: whether oddities that do not affect the pixels are errors when an image
  ///     is decoded.
  package init(orientation: StoreDescription.Orientation = .asStored, refusesOddities: Bool = false) {
    self.orientation = orientation
    self.refusesOddities = refusesOddities
  }

  package func recognizes(_ head: RawSpan) -> Bool {
    guard head.byteCount >= 3 else { return false }
    return unsafe head.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 0xFF
      && head.unsafeLoad(fromByteOffset: 1, as: UInt8.self) == 0xD8
      && head.unsafeLoad(fromByteOffset: 2, as: UInt8.self) == 0xFF
  }

  package func makeDecoder() throws(StoreError) -> any ImageDecoder {
    #if JPEG
    var decoder = JPEGDecoder(orientation: orientation)
    decoder.refusesOddities = refusesOddities
    return JPEGImageDecoder(decoder, orientation)
    #else
    throw .missingTrait("JPEG", "this build cannot read JPEGs")
    #endif
  }
}

#if JPEG
/// A ``JPEGDecoder`` among the decoders of encoded images.
final class JPEGImageDecoder: ImageDecoder {
  private var decoder: JPEGDecoder
  private let orientation: StoreDescription.Orientation
  private var whole = GrowingMemory()
  private var hasSeenImage = false

  init(_ decoder: consuming JPEGDecoder, _ orientation: StoreDescription.Orientation) {
    self.decoder = decoder
    self.orientation = orientation
  }

  let decodesRegions = true

  func hasUse(for option: StoreDescription.Option) -> Bool { option == .orientation && hasSeenImage }

  func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat? {
    let format = try decoder.format(ofHead: head)
    hasSeenImage = true
    return format
  }

  func largestByteCount(ofHead head: RawSpan) throws(StoreError) -> Int {
    let slack = 64 << 20
    // A block of 64 samples takes no more than 64 codes of 16 bits with 15 of value, and an 0 after
    // each 0xFF.
    guard let format = try decoder.format(ofHead: head) else { return slack }
    return 8 * format.byteCount + slack
  }

  func orientation(ofHead head: RawSpan) -> UInt8 {
    guard let header = try? JPEGHeader(head, readsOrientation: true) else { return 1 }
    return UInt8(header.orientation)
  }

  func verify(_ encoded: RawSpan) throws(StoreError) {
    // Of its own, since it is seldom used.
    var strict = JPEGDecoder(orientation: orientation)
    strict.refusesOddities = true
    guard let format = try strict.format(ofHead: encoded) else {
      throw StoreError.malformed("end comes before its size")
    }
    try unsafe whole.write(format.byteCount) { (memory) throws(StoreError) in
      let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<format.byteCount])
      try unsafe strict.decode(encoded, DecodeRequest(format: format), into: memory)
    }
  }

  /// Decodes all of the image to an eighth of its size: all that can be damaged is read, and the
  /// rest of the work is not done.
  func check(
    _ encoded: RawSpan, as format: ImageFormat, in memory: inout GrowingMemory
  ) throws(StoreError) {
    let found = try decoder.format(ofHead: encoded)
    guard found == format else {
      throw StoreError(
        .corrupt, "expected an image of \(format), found one of \(found?.description ?? "no size")")
    }
    let (height, width) = ((format.height + 7) / 8, (format.width + 7) / 8)
    try memory.fill(height * width * format.channels) { (output) throws(StoreError) in
      try decoder.decode(encoded, scaledTo: .eighth, into: &output)
    }
  }

  func decode(
    _ encoded: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    hasSeenImage = true
    try unsafe decoder.decode(encoded, request, into: memory)
  }
}
#endif
