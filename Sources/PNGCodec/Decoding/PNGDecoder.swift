import CImageStoreKernels
public import ImageStoreCore
import ImageStoreDeflate

/// Decodes PNGs one after another in memory that is reused.
///
/// Every color type, bit depth and interlacing of the standard (ISO/IEC 15948) is read:
///
/// | file | decoded |
/// |---|---|
/// | gray, 1 bit | `bool`, 0 or 1 |
/// | gray, 2, 4 and 8 bits | `uint8`, scaled to 0...255 |
/// | gray, 16 bits | `uint16` |
/// | RGB; gray and alpha; RGB and alpha | 3, 2 or 4 channels of `uint8` or `uint16` |
/// | palette | its colors, 3 channels of `uint8`; or the indices, see ``Palette`` |
///
/// A tRNS chunk adds a channel of alpha: to gray (which is `uint8` then even at 1 bit), RGB and
/// palettes. 16-bit samples are in the byte order of the machine. Gamma and color profiles are not
/// applied. Three things are checked: the CRC of each chunk that may affect the pixels (every
/// critical chunk, tRNS, and anything that may be a damaged tRNS), the Adler-32 of the pixels, and
/// the end of the file. Other ancillary chunks may have wrong CRCs. Faults that libpng ignores and
/// that do not affect the pixels are ignored: bytes or rows after the last pixel, a tRNS that is
/// not valid (which then adds no alpha), a palette of gray pixels, an index beyond the palette
/// (black).
public struct PNGDecoder: ~Copyable, Sendable {
  /// How the pixels of images with a palette are delivered.
  public enum Palette: Sendable, Hashable {
    /// As their colors, with alpha if the file has any.
    case expanded
    /// As indices: one channel of `uint8`, as the classes of a mask are stored.
    case indices
  }

  /// How images with a palette are delivered.
  public let palette: Palette
  /// The most bytes an image may take when decoded.
  public let maximumByteCount: Int
  /// Whether the CRC of every chunk is checked when an image is decoded.
  package var checksEveryChunk = false

  private var inflater = Inflater(.zlib)
  private var filtered = GrowingMemory()
  private var compressed = GrowingMemory()
  private var converter = PNGRowConverter()

  /// Creates a decoder, which allocates no memory before the first image.
  ///
  /// - Parameters:
  ///   - palette: how images with a palette are delivered.
  ///   - maximumByteCount: the most bytes an image may take when decoded; a header that asks for
  ///     more is refused before memory is allocated.
  public init(palette: Palette = .expanded, maximumByteCount: Int = 1 << 30) {
    self.palette = palette
    self.maximumByteCount = maximumByteCount
  }

  /// The header and the decoded format of a PNG, read from its first bytes up to the pixels.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` for bytes that are not a PNG;
  ///   ``StoreError/Code/corrupt`` for a PNG that is malformed before its pixels;
  ///   ``StoreError/Code/unsupported`` for an unknown critical chunk;
  ///   ``StoreError/Code/limitExceeded`` beyond ``maximumByteCount``.
  public func readHeader(
    of bytes: RawSpan
  ) throws(StoreError) -> (header: PNGHeader, format: ImageFormat) {
    try unsafe bytes.withUnsafeBytes { (file) throws(StoreError) in
      let contents = try unsafe PNGContents(headOf: file)
      return (unsafe contents.header, try unsafe format(of: contents))
    }
  }

  /// The most bytes that a file with these first bytes may have: twice the uncompressed size of its
  /// pixels, and 64 MiB for text and profiles.
  ///
  /// - Parameter bytes: at least the first 33 bytes of a PNG.
  package func mostFileBytes(_ bytes: RawSpan) throws(StoreError) -> Int {
    try unsafe bytes.withUnsafeBytes { (file) throws(StoreError) in
      let pixels = try unsafe PNGContents.header(of: file).filteredByteCount ?? .max
      return 2 * min(pixels, maximumByteCount, 1 << 40) + (64 << 20)
    }
  }

  /// Decodes an image.
  ///
  /// - Parameters:
  ///   - bytes: a whole PNG file.
  ///   - output: where the pixels go, row-major, height x width x channels; must have room for them.
  /// - Returns: the format of the image.
  /// - Throws: as ``readHeader(of:)``; ``StoreError/Code/corrupt`` for a file that is cut short or
  ///   damaged; ``StoreError/Code/invalidArgument`` if there is not enough room.
  @discardableResult
  public mutating func decode(
    _ bytes: RawSpan, into output: inout OutputRawSpan
  ) throws(StoreError) -> ImageFormat {
    try unsafe bytes.withUnsafeBytes { (file) throws(StoreError) in
      var contents = try unsafe PNGContents(headOf: file, checksEveryChunk: checksEveryChunk)
      let format = try unsafe format(of: contents)
      try unsafe output.appendBytes(format.byteCount) { (memory) throws(StoreError) in
        try unsafe decode(file, &contents, format, into: memory)
      }
      return format
    }
  }

  /// Decodes an image that must have a format.
  ///
  /// - Parameter memory: has the size of `format`.
  /// - Returns: the header of the file.
  /// - Throws: as ``decode(_:into:)``; ``StoreError/Code/corrupt`` if the image has another format.
  @discardableResult
  package mutating func decode(
    _ file: UnsafeRawBufferPointer, as format: ImageFormat,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> PNGHeader {
    var contents = try unsafe PNGContents(headOf: file, checksEveryChunk: checksEveryChunk)
    let found = try unsafe self.format(of: contents)
    guard found == format else {
      throw StoreError(.corrupt, "expected an image of \(format), found \(found)")
    }
    precondition(memory.count == format.byteCount)
    try unsafe decode(file, &contents, format, into: memory)
    return unsafe contents.header
  }

  /// The format an image decodes to.
  private func format(of contents: borrowing PNGContents) throws(StoreError) -> ImageFormat {
    let header = unsafe contents.header
    let hasTransparency = unsafe contents.transparency.count > 0
    var channels = header.colorType.channels
    if header.colorType == .palette {
      channels = palette == .indices ? 1 : hasTransparency ? 4 : 3
    } else if hasTransparency {
      channels += 1
    }
    let isBool = header.colorType == .gray && header.bitDepth == 1 && !hasTransparency
    let format = try ImageFormat(
      validating: header.height, width: header.width, channels: channels,
      elementType: isBool ? .bool : header.bitDepth == 16 ? .uint16 : .uint8)
    guard format.byteCount <= maximumByteCount else {
      throw StoreError(
        .limitExceeded,
        "the PNG is \(format), \(format.byteCount) bytes, more than the limit of \(maximumByteCount)",
        remedy: "raise maximumByteCount if you trust the file")
    }
    return format
  }

  private mutating func decode(
    _ file: UnsafeRawBufferPointer, _ contents: inout PNGContents, _ format: ImageFormat,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try unsafe contents.scanData(of: file)
    let header = unsafe contents.header
    // Deflate makes at most 1032 bytes of one: a header that promises more is a lie, and costs no memory.
    let most = unsafe contents.dataByteCount.multipliedReportingOverflow(by: 1032)
    guard let count = header.filteredByteCount, most.overflow || count <= most.partialValue else {
      throw unsafe .malformed(
        "\(contents.dataByteCount) compressed bytes cannot hold \(header.width)x\(header.height) pixels")
    }
    // Inflating is faster if it may write past the end.
    try filtered.reserve(count + 320)
    let rows = unsafe filtered.memory
    let data = try unsafe data(of: contents, file)
    do throws(StoreError) {
      do throws(StoreError) {
        try unsafe inflater.inflate(data, into: rows, count: count)
      } catch {
        guard error.code == .corrupt,
          unsafe try inflater.inflateFirst(
            of: data, into: UnsafeMutableRawBufferPointer(rebasing: rows[..<count]))
        else { throw error }
      }
    } catch {
      throw StoreError(
        error.code, "the pixels of the PNG cannot be read: \(error.message)", remedy: error.remedy,
        underlying: error.underlying)
    }
    try unsafe converter.prepare(contents, format, palette)
    try unsafe converter.convert(rows.baseAddress!, to: memory.baseAddress!)
  }

  /// The compressed bytes of all IDAT chunks as one.
  private mutating func data(
    of contents: borrowing PNGContents, _ file: UnsafeRawBufferPointer
  ) throws(StoreError) -> UnsafeRawBufferPointer {
    guard unsafe contents.dataChunkCount > 1 else { return unsafe contents.firstData }
    let count = unsafe contents.dataByteCount
    try compressed.reserve(count)
    let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: compressed.memory[..<count])
    unsafe contents.copyData(of: file, to: memory)
    return UnsafeRawBufferPointer(memory)
  }
}
