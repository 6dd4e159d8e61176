public import ImageStoreCore

/// Images that a loader delivers together: pixels, labels and indices.
///
/// A batch may be kept for as long as it is needed. Its memory is reused for a later batch once the
/// last copy of it is gone.
public struct LoadedBatch: Sendable {
  /// The store of a pair that a batch is from.
  enum Side {
    case images
    case masks
  }

  let lease: BatchLease
  private let side: Side

  init(_ lease: BatchLease, _ side: Side = .images) {
    self.lease = lease
    self.side = side
  }

  private var storage: BatchStorage { lease.storage }

  /// How many images there are.
  public var count: Int { storage.indices.count }
  /// The number of the batch in the epoch, or in the rest of a resumed epoch, from 0.
  public var number: Int { storage.number }
  /// The index in the store of each image.
  public var indices: [Int] { storage.indices }
  /// One label per image; empty if the store has none.
  public var labels: [Int32] { storage.labels }
  /// The values of the columns that ``LoaderOptions/columns`` asks for, by name, one per image.
  public var columns: [String: Column] { storage.columns }
  /// The transform of each image, calculated when it is asked for.
  public var transforms: [ImageTransform] {
    var transforms = storage.reader?.transforms(storage) ?? []
    if side == .masks { for position in transforms.indices { transforms[position].colors = nil } }
    return transforms
  }
  /// The state of the epoch after this batch.
  public var state: LoaderState { storage.state }

  /// How the images are laid out in ``pixels``, with the type of their samples. If
  /// ``dimensionOrder`` is `nchw`, the planes of an image follow one another within its bytes.
  public var layout: BatchLayout {
    switch side {
    case .images: storage.images.layout
    case .masks: storage.masks.layout
    }
  }

  /// The order of the dimensions.
  public var dimensionOrder: TensorFormat.DimensionOrder {
    switch side {
    case .images: storage.images.format.dimensionOrder
    case .masks: storage.masks.format.dimensionOrder
    }
  }

  /// The batch's four dimensions in the order of ``dimensionOrder``, or nil if the images differ in size.
  public var shape: [Int]? {
    guard let format = layout.uniformFormat else { return nil }
    return switch dimensionOrder {
    case .nhwc: [count, format.height, format.width, format.channels]
    case .nchw: [count, format.channels, format.height, format.width]
    }
  }

  /// The bytes of all images, one image after another in the order of ``indices``.
  public var pixels: RawSpan {
    @_lifetime(borrow self)
    get {
      // The batch keeps its storage alive, and nothing writes to storage that a batch holds.
      unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }

  /// The samples of all images, one image after another in the order of ``indices``, each image's
  /// in the order of ``dimensionOrder``.
  ///
  ///     let floats = try batch.samples(as: Float.self)
  ///
  /// - Parameter type: the type of the samples; a bool is read as a `UInt8`, 0 or 1.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the samples are of another type.
  @_lifetime(borrow self)
  public func samples<Sample: ImageSample>(
    as type: Sample.Type
  ) throws(StoreError) -> Span<Sample> {
    try pixels.samples(as: type, of: layout)
  }

  /// The bytes of all images, which are whole pages up to ``capacity``.
  @unsafe var bytes: UnsafeRawBufferPointer {
    switch side {
    case .images: unsafe storage.images.memory.bytes
    case .masks: unsafe storage.masks.memory.bytes
    }
  }

  /// The bytes of memory that the batch has, which are more than those of the images.
  var capacity: Int {
    switch side {
    case .images: storage.images.memory.capacity
    case .masks: storage.masks.memory.capacity
    }
  }
}
