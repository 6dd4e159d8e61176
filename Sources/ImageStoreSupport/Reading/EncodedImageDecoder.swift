package import ImageStoreCore

/// Decodes images of several codecs, each recognised by its first bytes. It is used by one thread
/// at a time; keep some in an ``IdlePool``.
///
/// It connects the stores that hold encoded images with the codecs: files of a folder, values of a
/// database, members of an archive.
package final class EncodedImageDecoder {
  private let codecs: [any ImageCodec]
  /// The decoders made so far, by the position of their codec.
  private var decoders: [(any ImageDecoder)?]
  /// A whole image of which a region is wanted.
  private var whole = GrowingMemory()
  /// The codec of the previous image, which is probably that of the next.
  private var last = 0

  /// - Parameter codecs: the first that recognises an image decodes it.
  package init(_ codecs: [any ImageCodec]) {
    self.codecs = codecs
    decoders = Array(repeating: nil, count: codecs.count)
  }

  /// Whether it has seen an image that an option applies to.
  package func hasUse(for option: StoreDescription.Option) -> Bool {
    decoders.contains { $0?.hasUse(for: option) ?? false }
  }

  /// The format that an image decodes to, or nil if more of its first bytes are needed to tell.
  package func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat? {
    try decoder(of: head).format(ofHead: head)
  }

  /// The orientation that an image says it should be shown in.
  package func orientation(ofHead head: RawSpan) throws(StoreError) -> UInt8 {
    try decoder(of: head).orientation(ofHead: head)
  }

  /// The most bytes that an encoded image may have whose first bytes are these.
  package func largestByteCount(ofHead head: RawSpan) throws(StoreError) -> Int {
    try decoder(of: head).largestByteCount(ofHead: head)
  }

  /// Compares an encoded image with the checksums it has.
  package func verify(_ encoded: RawSpan) throws(StoreError) {
    try decoder(of: encoded).verify(encoded)
  }

  /// Checks that an image can be decoded.
  package func check(
    _ encoded: RawSpan, as format: ImageFormat, in memory: inout GrowingMemory
  ) throws(StoreError) {
    try decoder(of: encoded).check(encoded, as: format, in: &memory)
  }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameter memory: `request.byteCount` bytes.
  package func decode(
    _ encoded: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let decoder = try decoder(of: encoded)
    guard let region = request.region, !decoder.decodesRegions else {
      return try unsafe decoder.decode(encoded, request, into: memory)
    }
    let format = request.format
    try unsafe whole.write(format.byteCount) { (image) throws(StoreError) in
      try unsafe decoder.decode(encoded, DecodeRequest(format: format), into: image)
      // The region has been checked against the format, and the memory has its size.
      unsafe copyRegion(
        region, of: format, from: UnsafeRawPointer(image.baseAddress!), to: memory.baseAddress!)
    }
  }

  private func decoder(of head: RawSpan) throws(StoreError) -> any ImageDecoder {
    if codecs.indices.contains(last), codecs[last].recognizes(head), let decoder = decoders[last] {
      return decoder
    }
    guard let found = codecs.firstIndex(where: { $0.recognizes(head) }) else {
      let known = codecs.map(\.name).joined(separator: " or ")
      throw unsafe head.withUnsafeBytes { bytes in
        unsafe FileSignature(bytes)?.error(instead: known)
          ?? StoreError(.unrecognized, "the bytes are not a \(known) image", remedy: "give \(known)")
      }
    }
    last = found
    if let decoder = decoders[found] { return decoder }
    let decoder = try codecs[found].makeDecoder()
    decoders[found] = decoder
    return decoder
  }
}
