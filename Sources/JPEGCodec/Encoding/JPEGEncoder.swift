#if JPEG
import CImageStoreJPEG
public import ImageStoreCore

/// Encodes images as JPEGs one after another in memory that is reused, by libjpeg-turbo.
///
/// `uint8` images of one channel become gray, those of three YCbCr (JFIF), baseline with Huffman
/// codes made for the image. JPEG is lossy: an image that is encoded twice loses twice, so it is
/// better to copy files that already are JPEGs. The file depends only on the pixels, the quality
/// and the subsampling.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the value alone holds the library's state.
@safe public struct JPEGEncoder: ~Copyable, @unchecked Sendable {
  /// How many pixels share a sample of color.
  public enum Subsampling: String, Sendable, Hashable, CaseIterable {
    /// Each pixel has its own.
    case none = "4:4:4"
    /// Two next to each other.
    case halfWidth = "4:2:2"
    /// Squares of 2x2, as most files have them.
    case half = "4:2:0"
  }

  /// The quality from 1 to 100, on the scale of the Independent JPEG Group.
  public let quality: Int
  /// How many pixels share a sample of color.
  public let subsampling: Subsampling

  private let state: OpaquePointer

  /// - Parameters:
  ///   - quality: the quality, from 1 to 100.
  ///   - subsampling: how many pixels share a sample of color; it does not matter for gray images.
  /// - Throws: ``StoreError/Code/invalidArgument`` for another quality;
  ///   ``StoreError/Code/limitExceeded`` if there is no memory for the library's state.
  public init(quality: Int = 90, subsampling: Subsampling = .half) throws(StoreError) {
    guard (1...100).contains(quality) else {
      throw StoreError(
        .invalidArgument, "the JPEG quality \(quality) is not possible", remedy: "give 1 to 100")
    }
    guard let made = unsafe image_jpeg_encoder_make() else {
      throw StoreError(
        .limitExceeded, "libjpeg could not create an encoder",
        remedy: "free memory, or build with the headers of the library that is installed")
    }
    self.quality = quality
    self.subsampling = subsampling
    unsafe state = made
  }

  deinit { unsafe image_jpeg_encoder_free(state) }

  /// Encodes an image; ``bytes`` lends the file until the next call.
  ///
  /// - Parameters:
  ///   - pixels: row-major, height x width x channels.
  ///   - format: the format of the image.
  /// - Throws: ``StoreError/Code/unsupported`` for a format that JPEG cannot hold;
  ///   ``StoreError/Code/invalidArgument`` if `pixels` has another size than the format;
  ///   ``StoreError/Code/limitExceeded`` if there is no memory.
  public mutating func encode(_ pixels: RawSpan, format: ImageFormat) throws(StoreError) {
    try Self.check(format)
    guard pixels.byteCount == format.byteCount else {
      throw StoreError(
        .invalidArgument, "\(pixels.byteCount) bytes were given for an image of \(format)",
        remedy: "give \(format.byteCount)")
    }
    let result = unsafe pixels.withUnsafeBytes { bytes in
      var source = unsafe image_jpeg_source()
      unsafe source.pixels = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe source.height = UInt32(format.height)
      unsafe source.width = UInt32(format.width)
      unsafe source.channels = UInt32(format.channels)
      unsafe source.quality = UInt32(quality)
      unsafe source.across = subsampling == .none ? 1 : 2
      unsafe source.down = subsampling == .half ? 2 : 1
      return unsafe image_jpeg_encode(state, &source)
    }
    guard result.status == IMAGE_JPEG_OK else {
      throw StoreError(.limitExceeded, "an image of \(format) cannot be encoded as JPEG: \(result.text)")
    }
  }

  /// Checks that a JPEG can hold images of a format.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  package static func check(_ format: ImageFormat) throws(StoreError) {
    guard format.elementType == .uint8, format.channels == 1 || format.channels == 3 else {
      throw StoreError(
        .unsupported, "JPEG does not hold images of \(format)", remedy: "give 1 or 3 channels of uint8")
    }
    guard format.height <= JPEGHeader.mostPixelsAcross, format.width <= JPEGHeader.mostPixelsAcross else {
      throw StoreError(
        .unsupported, "JPEG does not hold images of \(format)",
        remedy: "give images of at most \(JPEGHeader.mostPixelsAcross) pixels each way")
    }
  }
}

extension JPEGEncoder {
  /// The file that the last ``encode(_:format:)`` made.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The buffer lives as long as self and is not written to while self is borrowed.
      let bytes = unsafe UnsafeRawBufferPointer(
        start: image_jpeg_encoder_bytes(state), count: image_jpeg_encoder_byte_count(state))
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
#endif
