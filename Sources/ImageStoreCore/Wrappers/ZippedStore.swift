/// Images and their masks, read together with one crop for both.
///
/// Image `i` belongs to mask `i`; both have the same height and width, and may differ in channels and
/// sample type. As an ``ImageStore`` a zipped store is its images, with their labels and columns, so
/// that whatever takes a store takes it; ``read(_:regions:images:masks:)`` and ``ZippedBatch`` bring
/// the masks along.
///
///     let pairs = try ZippedStore(photographs, masks: masks)
///     var batch = ZippedBatch()
///     try pairs.read([17, 4, 981], region: region, into: &batch)
///     step(batch.images.pixels, batch.masks.pixels)
public struct ZippedStore: ImageStore {
  /// The images, whose labels and columns are those of the store.
  public let images: any ImageStore
  /// The masks, one an image.
  public let masks: any ImageStore

  /// Pairs the images of two stores by their index.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` where there are more of one than of the other, or
  ///   where all images have one size and all masks another. Images of different sizes are compared
  ///   with their masks when they are read.
  public init(_ images: any ImageStore, masks: any ImageStore) throws(StoreError) {
    guard images.count == masks.count else {
      throw StoreError(
        .invalidArgument, "\(masks.count) masks for \(images.count) images",
        remedy: "give a mask for each image")
    }
    if let image = images.format, let mask = masks.format {
      try Self.checkSize(image, mask, index: nil)
    }
    self.images = images
    self.masks = masks
  }

  public var count: Int { images.count }
  public var format: ImageFormat? { images.format }
  public var classNames: [String]? { images.classNames }
  public var columnNames: [String] { images.columnNames }
  public var sourcePaths: [String] { images.sourcePaths + masks.sourcePaths }
  public var isZeroCopy: Bool { images.isZeroCopy }
  public var checksumCoverage: ChecksumCoverage {
    ChecksumCoverage(of: [images.checksumCoverage, masks.checksumCoverage])
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat { try images.format(at: index) }
  public func labels() throws(StoreError) -> [Int]? { try images.labels() }
  public func column(_ name: String) throws(StoreError) -> Column { try images.column(name) }

  /// Appends images, without their masks.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try images.read(indices, regions: regions, into: &destination)
  }

  /// Appends images and their masks, or the same regions of both, each to memory of its own.
  ///
  /// - Throws: what ``ImageStore/read(_:regions:into:)`` throws, and
  ///   ``StoreError/Code/invalidArgument`` for an image whose mask has another size. When the masks
  ///   fail after the images have been read, the images stay appended and are not to be used.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, images imageBytes: inout OutputRawSpan,
    masks maskBytes: inout OutputRawSpan
  ) throws(StoreError) {
    try checkSizes(indices)
    try images.read(indices, regions: regions, into: &imageBytes)
    try masks.read(indices, regions: regions, into: &maskBytes)
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try images.forEachImage(indices, body)
  }

  public func advise(_ pattern: AccessPattern) {
    images.advise(pattern)
    masks.advise(pattern)
  }

  /// Verifies images, then masks; progress counts the images as half done until the masks follow.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try images.verify { progress($0 / 2) }
    try masks.verify { progress(count / 2 + ($0 + 1) / 2) }
    for index in 0..<count where format == nil || masks.format == nil {
      try Self.checkSize(try images.format(at: index), try masks.format(at: index), index: index)
    }
  }

  /// Verifies images and their masks.
  public func verify(_ indices: Span<Int>) throws(StoreError) {
    try images.verify(indices)
    try masks.verify(indices)
  }

  /// The pairs at some indices, in that order, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ indices: [Int]) throws(StoreError) -> ZippedStore {
    try ZippedStore(try SubsetStore(images, indices), masks: try SubsetStore(masks, indices))
  }

  /// A range of the pairs, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ range: Range<Int>) throws(StoreError) -> ZippedStore {
    try ZippedStore(try SubsetStore(images, range), masks: try SubsetStore(masks, range))
  }

  /// Compares images with their masks where the sizes were not all known from the start.
  func checkSizes(_ indices: Span<Int>) throws(StoreError) {
    if images.format != nil && masks.format != nil { return }
    for position in indices.indices {
      let index = indices[position]
      try Self.checkSize(try images.format(at: index), try masks.format(at: index), index: index)
    }
  }

  private static func checkSize(
    _ image: ImageFormat, _ mask: ImageFormat, index: Int?
  ) throws(StoreError) {
    guard image.height == mask.height && image.width == mask.width else {
      throw StoreError(
        .invalidArgument,
        "a mask of \(mask.height)x\(mask.width) for an image of \(image.height)x\(image.width)",
        remedy: "give masks as large as their images", image: index)
    }
  }
}
