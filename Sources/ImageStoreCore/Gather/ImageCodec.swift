/// A format that images are encoded in one by one, such as PNG: how it is recognised, and what decodes it.
///
/// A codec is a value that carries its options, such as how palettes are read. Stores that hold
/// encoded images know codecs only by this protocol, so adding a codec adds one line to their list.
package protocol ImageCodec: Sendable {
  /// The name of the format in messages.
  var name: String { get }

  /// The suffixes of file names, in lower case and without the dot.
  var fileSuffixes: [String] { get }

  /// The number that stands for the format in indexes of stores, from 1; it never changes. PNG is 1, JPEG 2.
  var number: UInt8 { get }

  /// Whether bytes begin as images of this format do.
  func recognizes(_ head: RawSpan) -> Bool

  /// A decoder with memory of its own, for one thread at a time.
  func makeDecoder() throws(StoreError) -> any ImageDecoder
}

/// Decodes images of one format one after another, reusing its memory. It is used by one thread at
/// a time.
///
/// It is called through the protocol once per image, which takes a thousandth of the time of
/// decoding.
package protocol ImageDecoder: AnyObject {
  /// Whether ``decode(_:_:into:)`` can deliver a region; if not, it is only asked for whole images.
  var decodesRegions: Bool { get }

  /// Whether it has seen an image that an option of a description applies to, such as how palettes
  /// are read.
  func hasUse(for option: StoreDescription.Option) -> Bool

  /// The format that an image decodes to.
  ///
  /// - Parameter head: the first bytes of the encoded image, or all of it.
  /// - Returns: nil if the format is stated after the last of these bytes.
  /// - Throws: ``StoreError/Code/corrupt``, ``StoreError/Code/unsupported``,
  ///   ``StoreError/Code/limitExceeded``.
  func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat?

  /// The most bytes that an encoded image may have, so that a file that claims to be larger costs no memory.
  ///
  /// - Parameter head: the first bytes of the encoded image, from which may or may not be enough
  ///   for ``format(ofHead:)``.
  func largestByteCount(ofHead head: RawSpan) throws(StoreError) -> Int

  /// The orientation that an encoded image says it should be shown in, 1 to 8 as EXIF numbers them;
  /// 1 is as it is stored.
  ///
  /// - Parameter head: the first bytes of the encoded image, or all of it.
  func orientation(ofHead head: RawSpan) -> UInt8

  /// Compares an encoded image with all checksums that the format has, without decoding it.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func verify(_ encoded: RawSpan) throws(StoreError)

  /// Checks that an image can be decoded, in the shortest way; the default decodes it.
  ///
  /// - Parameters:
  ///   - format: the format that it must decode to.
  ///   - memory: memory that it may be decoded to.
  /// - Throws: as decoding it.
  func check(
    _ encoded: RawSpan, as format: ImageFormat, in memory: inout GrowingMemory
  ) throws(StoreError)

  /// Decodes an image.
  ///
  /// - Parameters:
  ///   - encoded: the whole of the encoded image.
  ///   - request: the format and region to deliver.
  ///   - memory: `request.byteCount` bytes, all of which are written.
  /// - Throws: ``StoreError/Code/corrupt`` for bytes that are damaged, or decode to another format
  ///   than the request says.
  func decode(
    _ encoded: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError)
}

extension ImageDecoder {
  package func check(
    _ encoded: RawSpan, as format: ImageFormat, in memory: inout GrowingMemory
  ) throws(StoreError) {
    try unsafe memory.write(format.byteCount) { (memory) throws(StoreError) in
      try unsafe decode(encoded, DecodeRequest(format: format), into: memory)
    }
  }

  package func orientation(ofHead head: RawSpan) -> UInt8 { 1 }
  package func hasUse(for option: StoreDescription.Option) -> Bool { false }
}

/// A request for one encoded image.
///
/// A size to deliver, or the orientation to turn it to, would be further properties: decoders that
/// do not know them are asked for the stored pixels, and the caller does the rest.
package struct DecodeRequest: Sendable, Hashable {
  /// The format of the whole image as it decodes.
  package var format: ImageFormat
  /// The region to deliver, which is within the image; nil for all of it.
  package var region: ImageRegion?

  /// Creates a request; the parameters are the properties.
  package init(format: ImageFormat, region: ImageRegion? = nil) {
    self.format = format
    self.region = region
  }

  /// The format of what is delivered.
  package var delivered: ImageFormat { region.map { format.cropped(to: $0) } ?? format }
  /// The bytes of what is delivered.
  package var byteCount: Int { delivered.byteCount }
}
