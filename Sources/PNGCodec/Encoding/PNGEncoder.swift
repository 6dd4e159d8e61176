import CImageStoreKernels
public import ImageStoreCore
import ImageStoreDeflate

/// Encodes images as PNGs one after another in memory that is reused.
///
/// `bool` images become 1-bit gray; `uint8` and `uint16` images of 1, 2, 3 and 4 channels become
/// gray, gray and alpha, RGB, and RGB and alpha of 8 and 16 bits. Nothing is converted: formats
/// that PNG cannot hold are refused. The file depends only on the pixels, the format and the
/// compression.
///
/// - ``Compression/none``: stored as they are, a little larger than the pixels.
/// - ``Compression/fast``: the Paeth filter (Up for `bool`), then Huffman codes and runs, without a
///   search for repetitions. This suits photographs; drawings with repeating patterns become much
///   smaller with `small`.
/// - ``Compression/small``: zlib's level 9, with that filter and without, whichever is smallest.
public struct PNGEncoder: ~Copyable, Sendable {
  /// How much time is given to making files small.
  public let compression: Compression

  private var compressor: PNGCompressor
  private var samples = GrowingMemory()
  private var filtered = GrowingMemory()
  var file = GrowingMemory()

  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for the compressor's state.
  public init(compression: Compression = .fast) throws(StoreError) {
    self.compression = compression
    compressor = try PNGCompressor(compression)
  }

  /// Encodes an image; ``bytes`` lends the file until the next call.
  ///
  /// - Parameters:
  ///   - pixels: row-major, height x width x channels, 16-bit samples in the byte order of the
  ///     machine; `bool` samples are true if they are not 0.
  ///   - format: the format of the image.
  /// - Throws: ``StoreError/Code/unsupported`` for a format that PNG cannot hold;
  ///   ``StoreError/Code/invalidArgument`` if `pixels` has another size than the format;
  ///   ``StoreError/Code/limitExceeded`` if there is no memory.
  public mutating func encode(_ pixels: RawSpan, format: ImageFormat) throws(StoreError) {
    try unsafe pixels.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe encode(bytes, format: format)
    }
  }

  /// Checks that a PNG can hold images of a format.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  package static func check(_ format: ImageFormat) throws(StoreError) {
    _ = try PNGEncodingPlan(format)
  }

  package mutating func encode(
    _ pixels: UnsafeRawBufferPointer, format: ImageFormat
  ) throws(StoreError) {
    let layout = try PNGEncodingPlan(format)
    guard pixels.count == format.byteCount, let start = pixels.baseAddress else {
      throw StoreError(
        .invalidArgument, "\(pixels.count) bytes were given for an image of \(format)",
        remedy: "give \(format.byteCount)")
    }
    let rows = try unsafe samplesOfFile(start, layout)
    let count = layout.filteredByteCount
    try filtered.reserve(count)
    let bound = compressor.bound(count)
    try file.reserve(bound + PNGEncodingPlan.overhead)
    let memory = unsafe file.memory
    // The bytes around the compressed bytes have a fixed size, so the compressed bytes are written
    // directly to their place.
    let room = unsafe UnsafeMutableRawBufferPointer(
      rebasing: memory[PNGEncodingPlan.dataOffset..<PNGEncodingPlan.dataOffset + bound])
    let compressedCount = try unsafe compressor.compress(
      rows, layout, scratch: filtered.memory, into: room)
    unsafe layout.writeFrame(memory, dataByteCount: compressedCount)
    file.byteCount = compressedCount + PNGEncodingPlan.overhead
  }

  /// The rows as a PNG has them, before filtering.
  private mutating func samplesOfFile(
    _ pixels: UnsafeRawPointer, _ layout: PNGEncodingPlan
  ) throws(StoreError) -> UnsafeRawPointer {
    let format = layout.format
    guard format.elementType != .uint8 else { return unsafe pixels }
    try samples.reserve(layout.rowByteCount * format.height)
    let target = unsafe samples.memory.baseAddress!
    if format.elementType == .uint16 {
      unsafe swapBytes(of: pixels, to: target, count: format.sampleCount)
    } else {
      for row in 0..<format.height {
        unsafe packBits(
          pixels + row * format.width, to: target + row * layout.rowByteCount, count: format.width)
      }
    }
    return UnsafeRawPointer(target)
  }
}

extension PNGEncoder {
  /// The file that the last ``encode(_:format:)`` made.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The buffer lives as long as self and is not written to while self is borrowed.
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.memory[..<file.byteCount])
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
