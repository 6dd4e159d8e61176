/// A store whose images are resized when they are read. For a region, only the part of the image
/// that it needs is read.
///
///     let train = try FileStore(at: "photographs").resized(.fill(height: 224, width: 224))
///
/// Labels, columns and class names are those of ``base``. ``format`` is known without examining
/// images if those of ``base`` have one format; otherwise the first call examines the formats of
/// all.
public struct ResizedStore: StoreWrapper {
  public let base: any ImageStore
  /// How images are resized.
  public let resizing: Resizing
  /// How their pixels are calculated.
  public let filter: ResizeFilter
  package let tools = IdlePool { () throws(StoreError) in Resampler() }
  package let threads: Int
  package let knownFormat = Cached<ImageFormat?>()

  init(
    _ base: any ImageStore, _ resizing: Resizing, filter: ResizeFilter, threads: Int?
  ) throws(StoreError) {
    self.base = base
    self.resizing = resizing
    self.filter = filter
    self.threads = Workers.threadCount(threads)
    try resizing.validate()
    if let format = base.format { _ = try derived(format) }
  }

  public var format: ImageFormat? { derivedFormat() }
  public var isZeroCopy: Bool { false }

  public func format(at index: Int) throws(StoreError) -> ImageFormat { try derivedFormat(at: index) }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try readDerived(indices, regions: regions, into: &destination)
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try forEachDerived(indices, body)
  }
}

extension ResizedStore: DerivingStore {
  package func derived(_ format: ImageFormat) throws(StoreError) -> ImageFormat {
    let request = try resizing.request(for: format, filter: filter)
    try request.validate(of: format)
    return request.delivered(of: format)
  }

  package func keeps(_ format: ImageFormat) throws(StoreError) -> Bool {
    let request = try resizing.request(for: format, filter: filter)
    return request.keepsSize && request.window == ImageRegion(wholeOf: format)
  }

  package func needed(
    for region: ImageRegion, of format: ImageFormat
  ) throws(StoreError) -> ImageRegion? {
    Resampler.neededRegion(of: try request(for: region, of: format))
  }

  package func derive(
    _ pixels: UnsafeRawBufferPointer, holding held: ImageRegion, of format: ImageFormat,
    _ region: ImageRegion,
    into slot: UnsafeMutableRawBufferPointer, with tool: Resampler
  ) throws(StoreError) {
    let request = try request(for: region, of: format)
    guard pixels.count > 0 else {
      // The whole window is outside the image.
      unsafe slot.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    try unsafe tool.resample(pixels, holding: held, of: format, request, into: slot)
  }

  /// The request for a region of the resized image.
  private func request(
    for region: ImageRegion, of format: ImageFormat
  ) throws(StoreError) -> ResampleRequest {
    var request = try resizing.request(for: format, filter: filter)
    request.window.row += region.row
    request.window.column += region.column
    request.window.height = region.height
    request.window.width = region.width
    return request
  }
}

extension ImageStore {
  /// This store with images of another size.
  ///
  ///     let train = try store.resized(.fill(height: 224, width: 224))
  ///     let masks = try maskStore.resized(.fill(height: 224, width: 224), filter: .nearest)
  ///
  /// - Parameters:
  ///   - resizing: how images are resized.
  ///   - filter: how a pixel is calculated; ``ResizeFilter/nearest`` for masks.
  ///   - threads: how many threads resize in one call; by default one per processor.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a size that is not positive, and for a
  ///   filter other than nearest for images of bool; ``StoreError/Code/limitExceeded`` for images
  ///   larger than ``ImageFormat/maximumByteCount``. If images differ in format, such an error is
  ///   thrown when the image is read.
  public func resized(
    _ resizing: Resizing, filter: ResizeFilter = .bilinear, threads: Int? = nil
  ) throws(StoreError) -> ResizedStore {
    try ResizedStore(self, resizing, filter: filter, threads: threads)
  }
}
