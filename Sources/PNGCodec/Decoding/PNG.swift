package import ImageStoreCore

/// PNG among the codecs of encoded images.
package struct PNG: ImageCodec {
  private let palette: PNGDecoder.Palette
  private let checksEveryChunk: Bool

  package let name = "PNG"
  package let fileSuffixes = ["png"]
  package let number: UInt8 = 1

  /// - Parameters:
  ///   - palette: how images with a palette are delivered.
  ///   - checksEveryChunk: whether the CRC of every chunk is checked when an image is decoded.
  package init(palette: PNGDecoder.Palette = .expanded, checksEveryChunk: Bool = false) {
    self.palette = palette
    self.checksEveryChunk = checksEveryChunk
  }

  package func recognizes(_ head: RawSpan) -> Bool {
    guard head.byteCount >= 8 else { return false }
    let signature = unsafe head.unsafeLoadUnaligned(as: UInt64.self)
    return unsafe UInt64(bigEndian: signature) == PNGContents.signature
  }

  package func makeDecoder() throws(StoreError) -> any ImageDecoder {
    var decoder = PNGDecoder(palette: palette)
    decoder.checksEveryChunk = checksEveryChunk
    return PNGImageDecoder(decoder)
  }
}

/// A ``PNGDecoder`` among the decoders of encoded images.
final class PNGImageDecoder: ImageDecoder {
  private var decoder: PNGDecoder
  private var hasSeenPalette = false

  init(_ decoder: consuming PNGDecoder) { self.decoder = decoder }

  func hasUse(for option: StoreDescription.Option) -> Bool { option == .palette && hasSeenPalette }

  // Rows are filtered against one another, and compressed as one.
  let decodesRegions = false

  func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat? {
    do throws(StoreError) {
      let (header, format) = try decoder.readHeader(of: head)
      if header.colorType == .palette { hasSeenPalette = true }
      return format
    } catch {
      let isTooShort = unsafe head.withUnsafeBytes { unsafe PNGContents.endsBeforePixels($0) }
      guard error.code == .corrupt, isTooShort else { throw error }
      return nil
    }
  }

  func largestByteCount(ofHead head: RawSpan) throws(StoreError) -> Int {
    try decoder.mostFileBytes(head)
  }

  func verify(_ encoded: RawSpan) throws(StoreError) {
    try unsafe encoded.withUnsafeBytes { (file) throws(StoreError) in
      var contents = try unsafe PNGContents(headOf: file, checksEveryChunk: true)
      try unsafe contents.scanData(of: file)
    }
  }

  func decode(
    _ encoded: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try unsafe encoded.withUnsafeBytes { (file) throws(StoreError) in
      let header = try unsafe decoder.decode(file, as: request.format, into: memory)
      if header.colorType == .palette { hasSeenPalette = true }
    }
  }
}
