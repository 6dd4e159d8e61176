#if JPEG
import CImageStoreJPEG
public import ImageStoreCore

/// Decodes JPEGs one after another in memory that is reused, by libjpeg-turbo.
///
/// | file | decoded |
/// |---|---|
/// | gray | 1 channel of `uint8` |
/// | YCbCr of every subsampling, RGB | 3 channels |
/// | CMYK, YCCK | 3 channels, by the formula of Pillow's `convert("RGB")`; 255 means no ink, as
/// Adobe's programs write it |
///
/// Baseline, extended and progressive files (ITU-T T.81) of 8 bits are read, and arithmetic coding
/// if the library has it; 1 to 65,500 pixels each way. The pixels are those of libjpeg-turbo with
/// its accurate transform and its interpolation of colors, which Pillow, OpenCV and torchvision
/// also use. For a region, the rows above it are read, but columns next to it are not transformed,
/// and its pixels equal those of the whole image. Color profiles are not applied.
///
/// A file that ends early, or that has codes that do not exist, is an error, unless ``damaged``
/// says that it is tolerated. For a region, the rest of the file after it is not examined. Oddities
/// that do not affect the pixels, such as bytes between segments, are counted in ``report``. Memory
/// use follows from the header, and the header is checked against the size of the file: an image
/// takes at least two bits per block of 64 samples (one if it is progressive), or it is refused
/// before memory is allocated. No file is read in more than 100 scans.
public struct JPEGDecoder: ~Copyable, Sendable {
  /// How damaged files are handled.
  public enum Damaged: Sendable, Hashable {
    /// They are errors with the library's message.
    case refused
    /// The part that can be decoded is delivered, and the library fills in the rest, mostly with
    /// gray. If no row can be decoded, it is still an error.
    case tolerated
  }

  /// What the library found in an image.
  public struct Report: Sendable, Hashable {
    /// How many oddities there are.
    public var warningCount = 0
    /// How many of them mean that pixels differ from those that were encoded.
    public var damageCount = 0
    /// The library's message on the first damage, or else on the first oddity.
    public var message: String?
  }

  /// Fewer pixels than the image has, by the library's own scaling: one pixel per square of this
  /// many. The result differs from resizing the image, and the whole file is read for it.
  public enum Scale: Int, Sendable, Hashable, CaseIterable {
    /// All pixels.
    case full = 1
    /// One for 2x2.
    case half = 2
    /// One for 4x4.
    case quarter = 4
    /// One for 8x8.
    case eighth = 8
  }

  /// How images are oriented.
  public let orientation: StoreDescription.Orientation
  /// How damaged files are handled.
  public let damaged: Damaged
  /// The most bytes an image may take when decoded.
  public let maximumByteCount: Int
  /// What the library found in the last image.
  public private(set) var report = Report()
  /// Whether oddities that leave the pixels whole are errors, too.
  package var refusesOddities = false

  private var library = JPEGLibrary()
  private var turned = GrowingMemory()

  /// Creates a decoder, which allocates no memory before the first image.
  ///
  /// - Parameters:
  ///   - orientation: whether the Exif orientation is applied. Height and width of the format, and
  ///     regions, refer to the delivered image.
  ///   - damaged: how damaged files are handled.
  ///   - maximumByteCount: the most bytes an image may take when decoded; a header that asks for
  ///     more is refused before memory is allocated.
  public init(
    orientation: StoreDescription.Orientation = .asStored, damaged: Damaged = .refused,
    maximumByteCount: Int = 1 << 30
  ) {
    self.orientation = orientation
    self.damaged = damaged
    self.maximumByteCount = maximumByteCount
  }

  /// The header and the decoded format of a JPEG, read from its first bytes up to the pixels.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` for bytes that are not a JPEG;
  ///   ``StoreError/Code/corrupt`` for a JPEG that is malformed or ends before its pixels;
  ///   ``StoreError/Code/unsupported`` for 12 bits, lossless and hierarchical files;
  ///   ``StoreError/Code/limitExceeded`` beyond 65,500 pixels each way or ``maximumByteCount``.
  public func readHeader(of bytes: RawSpan) throws(StoreError) -> (header: JPEGHeader, format: ImageFormat) {
    guard let header = try JPEGHeader(bytes, readsOrientation: true) else { throw Self.endsEarly }
    return (header, try format(of: header))
  }

  /// The format, or nil if it is after the last of the bytes.
  func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat? {
    guard let header = try header(of: head) else { return nil }
    return try format(of: header)
  }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameters:
  ///   - bytes: a whole JPEG file.
  ///   - region: the region to deliver; nil for the whole image.
  ///   - output: where the pixels go, row-major, height x width x channels; must have room for them.
  /// - Returns: the format of the delivered image.
  /// - Throws: as ``readHeader(of:)``; ``StoreError/Code/corrupt`` for a file that is cut short or
  ///   damaged; ``StoreError/Code/invalidArgument`` if there is not enough room, or the region is
  ///   not within the image.
  @discardableResult
  public mutating func decode(
    _ bytes: RawSpan, region: ImageRegion? = nil, into output: inout OutputRawSpan
  ) throws(StoreError) -> ImageFormat {
    guard let header = try header(of: bytes) else { throw Self.endsEarly }
    let format = try format(of: header)
    if let region, !region.isContained(in: format) {
      throw StoreError(
        .invalidArgument, "the region \(region) is not within \(format.height)x\(format.width)")
    }
    let request = DecodeRequest(format: format, region: region)
    try unsafe output.appendBytes(request.byteCount) { (memory) throws(StoreError) in
      try unsafe decode(bytes, header, request, into: memory)
    }
    return request.delivered
  }

  /// Decodes an image at a reduced size.
  ///
  /// - Parameters:
  ///   - bytes: a whole JPEG file.
  ///   - scale: the reduction; sizes are rounded up.
  ///   - output: as for ``decode(_:region:into:)``.
  /// - Returns: the format of the delivered image.
  /// - Throws: as ``decode(_:region:into:)``.
  @discardableResult
  public mutating func decode(
    _ bytes: RawSpan, scaledTo scale: Scale, into output: inout OutputRawSpan
  ) throws(StoreError) -> ImageFormat {
    guard let header = try header(of: bytes) else { throw Self.endsEarly }
    let whole = try format(of: header)
    let format = whole.resized(
      height: (whole.height + scale.rawValue - 1) / scale.rawValue,
      width: (whole.width + scale.rawValue - 1) / scale.rawValue)
    try unsafe output.appendBytes(format.byteCount) { (memory) throws(StoreError) in
      try unsafe decode(bytes, header, DecodeRequest(format: format), scale: scale, into: memory)
    }
    return format
  }

  /// Decodes an image that must have the format that a request says.
  ///
  /// - Parameter memory: `request.byteCount` bytes.
  mutating func decode(
    _ bytes: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let header = try header(of: bytes) else { throw Self.endsEarly }
    let found = try format(of: header)
    guard found == request.format else {
      throw StoreError(.corrupt, "expected an image of \(request.format), found \(found)")
    }
    try unsafe decode(bytes, header, request, into: memory)
  }

  private static let endsEarly = StoreError.malformed("end comes before its pixels")

  private func header(of bytes: RawSpan) throws(StoreError) -> JPEGHeader? {
    try JPEGHeader(bytes, readsOrientation: orientation == .upright)
  }

  private func format(of header: JPEGHeader) throws(StoreError) -> ImageFormat {
    let isAside = orientation == .upright && header.isTurnedAside
    let format = try ImageFormat(
      validating: isAside ? header.width : header.height, width: isAside ? header.height : header.width,
      channels: header.componentCount == 1 ? 1 : 3, elementType: .uint8)
    guard format.byteCount <= maximumByteCount else {
      throw StoreError(
        .limitExceeded,
        "the JPEG is \(format), \(format.byteCount) bytes, more than the limit of \(maximumByteCount)",
        remedy: "raise maximumByteCount if you trust the file")
    }
    return format
  }

  private mutating func decode(
    _ bytes: RawSpan, _ header: JPEGHeader, _ request: DecodeRequest, scale: Scale = .full,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    precondition(memory.count == request.byteCount)
    let region = request.region ?? ImageRegion(wholeOf: request.format)
    guard orientation == .upright, let turn = ImageTurn(orientation: header.orientation) else {
      return try unsafe decode(bytes, header, region, request.format.channels, scale, to: memory)
    }
    let format = request.format
    let stored = turn.swapsAxes ? format.resized(height: format.width, width: format.height) : format
    let part = turn.source(of: region, in: stored)
    // Taken out, so that it can be written to while the decoder is used.
    var pixels = GrowingMemory()
    swap(&pixels, &turned)
    defer { swap(&pixels, &turned) }
    try pixels.reserve(memory.count)
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: pixels.memory[..<memory.count])
    try unsafe decode(bytes, header, part, format.channels, scale, to: target)
    unsafe turn.turn(UnsafeRawBufferPointer(target), format.cropped(to: part), to: memory)
  }

  /// Decodes a region of the stored image.
  ///
  /// - Parameter memory: has the region's size.
  private mutating func decode(
    _ bytes: RawSpan, _ header: JPEGHeader, _ region: ImageRegion, _ channels: Int, _ scale: Scale,
    to memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    report = Report()
    let result = try unsafe bytes.withUnsafeBytes { (file) throws(StoreError) in
      var request = unsafe image_jpeg_request()
      unsafe request.bytes = file.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe request.byte_count = file.count
      unsafe request.height = UInt32(header.height)
      unsafe request.width = UInt32(header.width)
      unsafe request.channels = UInt32(channels)
      unsafe request.scale = UInt32(scale.rawValue)
      unsafe request.row = UInt32(region.row)
      unsafe request.column = UInt32(region.column)
      unsafe request.rows = UInt32(region.height)
      unsafe request.columns = UInt32(region.width)
      unsafe request.target = memory.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe request.strictness =
        damaged == .tolerated
        ? IMAGE_JPEG_STOPS_NEVER
        : refusesOddities ? IMAGE_JPEG_STOPS_AT_ANY : IMAGE_JPEG_STOPS_AT_DAMAGE
      return unsafe try library.decode(request)
    }
    guard result.status != IMAGE_JPEG_OK || result.warnings > 0 else { return }
    report = Report(
      warningCount: Int(result.warnings), damageCount: Int(result.damages), message: result.text)
    guard let error = result.error else { return }
    guard damaged == .tolerated, error.code == .corrupt, result.rows > 0 else { throw error }
    report.damageCount += 1
    // Gray, which the library uses for pixels without data.
    let start = Int(result.rows) * region.width * channels
    if start < memory.count {
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start...]).initializeMemory(
        as: UInt8.self, repeating: 128)
    }
  }
}
#endif
