/// Images read together: their pixels one after another, labels and indices.
///
/// A batch may be used again for the next read, which then takes no memory unless it is larger:
///
///     var batch = ImageBatch()
///     for start in stride(from: 0, to: store.count, by: 128) {
///       try store.read(start..<min(start + 128, store.count), into: &batch)
///       train(batch.pixels, batch.labels)
///     }
public struct ImageBatch: Sendable {
  /// Where each image lies in ``pixels``, and its format.
  public private(set) var layout = BatchLayout([])
  /// Which image of the store each is.
  public private(set) var indices: [Int] = []
  /// A label an image; empty where the store has none.
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

  /// The labels as a writer takes them.
  package var annotations: Annotations {
    Annotations(labels: labels.isEmpty ? nil : labels.map(Int.init))
  }

  /// Replaces the contents by images that `body` appends, in memory that is used again if it suffices.
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
        .corrupt, "\(target.byteCount) bytes of pixels where \(layout.byteCount) were announced")
    }
    self.memory = target
    self.layout = layout
    self.indices = indices
    self.labels = labels
  }
}
