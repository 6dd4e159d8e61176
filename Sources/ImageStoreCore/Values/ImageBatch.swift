/// Images read together: their pixels one after another, labels and indices.
///
/// A batch can be reused for the next read, which then allocates no memory unless it is larger:
///
///     var batch = ImageBatch()
///     for start in stride(from: 0, to: store.count, by: 128) {
///       try store.read(start..<min(start + 128, store.count), into: &batch)
///       train(batch.pixels, batch.labels)
///     }
public struct ImageBatch: Sendable {
  /// Where each image is in ``pixels``, and its format.
  public private(set) var layout = BatchLayout([])
  /// The index in the store of each image.
  public private(set) var indices: [Int] = []
  /// One label per image; empty if the store has none.
  public private(set) var labels: [Int32] = []

  // Written only while this value holds the sole reference.
  package private(set) var memory: PixelMemory?

  /// An empty batch.
  public init() {}

  /// How many images there are.
  public var count: Int { layout.count }

  /// The pixels of all images, one after another in the order of ``indices``.
  public var pixels: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let memory else { return RawSpan() }
      // The batch keeps its memory alive and never writes to it while it is borrowed.
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: memory.bytes), borrowing: self)
    }
  }

  /// The samples of all images, one after another.
  ///
  ///     let batch = try store.read(0..<128)
  ///     let samples = try batch.samples(as: Float.self)
  ///
  /// If all images have one format, image `i` has the samples `i * n ..< (i + 1) * n`, where `n` is
  /// the `sampleCount` of the format.
  ///
  /// - Parameter type: the type of a sample in Swift; `UInt8` also for images of `bool`.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the samples of any image are of another type.
  @_lifetime(borrow self)
  public borrowing func samples<Sample: ImageSample>(
    as type: Sample.Type
  ) throws(StoreError) -> Span<Sample> {
    try pixels.samples(as: type, of: layout)
  }

  /// Replaces the contents by images that `body` appends, reusing the memory if it is large enough.
  package mutating func replace(
    layout: BatchLayout, indices: [Int], labels: [Int32],
    _ body: (inout OutputRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let isReusable =
      isKnownUniquelyReferenced(&memory) && (memory?.capacity ?? 0) >= layout.byteCount
    let target = isReusable ? memory! : try PixelMemory(capacity: layout.byteCount)
    self = ImageBatch()
    try target.fill(body)
    guard target.byteCount == layout.byteCount else {
      throw StoreError(
        .corrupt, "\(target.byteCount) bytes of pixels instead of the \(layout.byteCount) announced")
    }
    self.memory = target
    self.layout = layout
    self.indices = indices
    self.labels = labels
  }
}
