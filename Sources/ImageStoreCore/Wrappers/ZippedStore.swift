/// Images and their masks, read together with one crop for both.
///
/// Image `i` belongs to mask `i`. Both have the same height and width, and may differ in channels and
/// sample type.
///
///     let pairs = try ZippedStore(photographs, masks: masks)
///     var batch = ZippedBatch()
///     try pairs.read([17, 4, 981], regions: .same(region), into: &batch)
///     step(batch.images.pixels, batch.masks.pixels)
///
/// A zipped store is not an ``ImageStore``, so that no code can take its images and forget the
/// masks. Pass ``images`` or ``masks`` to code that takes a store. Labels and columns are those of
/// the images.
public struct ZippedStore: Sendable {
  /// The images.
  public let images: any ImageStore
  /// The masks, one per image.
  public let masks: any ImageStore

  /// Pairs the images of two stores by their index.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if there are more images than masks or the
  ///   reverse, or if all images have one size and all masks another. Images of different sizes are
  ///   compared with their masks when they are read.
  public init(_ images: any ImageStore, masks: any ImageStore) throws(StoreError) {
    guard images.count == masks.count else {
      throw StoreError(
        .invalidArgument, "\(masks.count) masks for \(images.count) images",
        remedy: "give one mask per image")
    }
    if let image = images.format, let mask = masks.format {
      try Self.checkSize(image, mask, index: nil)
    }
    self.images = images
    self.masks = masks
  }

  /// How many pairs there are.
  public var count: Int { images.count }

  /// Appends images and their masks, or the same regions of both, each to memory of its own.
  ///
  /// - Parameters:
  ///   - indices: which pairs; any order, repeats allowed.
  ///   - regions: none for whole images, one for the same region of every pair, or as many as
  ///     `indices` for a region of each, which may differ in size.
  ///   - imageBytes: memory with room for the images.
  ///   - maskBytes: memory with room for the masks.
  /// - Throws: what ``ImageStore/read(_:regions:into:)`` throws, and
  ///   ``StoreError/Code/invalidArgument`` for an image whose mask has another size. If the masks
  ///   fail after the images have been read, the images stay appended; do not use them.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, images imageBytes: inout OutputRawSpan,
    masks maskBytes: inout OutputRawSpan
  ) throws(StoreError) {
    try checkSizes(indices)
    try images.read(indices, regions: regions, into: &imageBytes)
    try masks.read(indices, regions: regions, into: &maskBytes)
  }

  /// Replaces the contents of a batch by images and their masks, or the same region of each.
  ///
  /// - Parameters:
  ///   - indices: which pairs; any order, repeats allowed.
  ///   - regions: which part of each image and its mask; by default whole images.
  ///   - batch: receives the pairs; its memory is reused.
  /// - Throws: what reading either store throws, and ``StoreError/Code/invalidArgument`` for an image
  ///   whose mask has another size; the batch is empty then.
  public func read(
    _ indices: some Collection<Int>, regions: ImageRegions = .whole, into batch: inout ZippedBatch
  ) throws(StoreError) {
    let indices = indices.indexArray()
    try batch.replace { (imageBatch, maskBatch) throws(StoreError) in
      try checkSizes(indices.span)
      try images.read(indices, regions: regions, into: &imageBatch)
      try masks.read(indices, regions: regions, into: &maskBatch)
    }
  }

  /// A new batch of images and their masks, or of a region of each.
  ///
  /// - Parameters:
  ///   - indices: which pairs; any order, repeats allowed.
  ///   - regions: which part of each image and its mask; by default whole images.
  /// - Throws: what reading either store throws, and ``StoreError/Code/invalidArgument`` for an image
  ///   whose mask has another size.
  public func read(
    _ indices: some Collection<Int>, regions: ImageRegions = .whole
  ) throws(StoreError) -> ZippedBatch {
    var batch = ZippedBatch()
    try read(indices, regions: regions, into: &batch)
    return batch
  }

  /// The pairs at some indices, in that order, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ indices: [Int]) throws(StoreError) -> ZippedStore {
    try ZippedStore(try images.subset(indices), masks: try masks.subset(indices))
  }

  /// A range of the pairs, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ range: Range<Int>) throws(StoreError) -> ZippedStore {
    try ZippedStore(try images.subset(range), masks: try masks.subset(range))
  }

  /// The same pairs with the checksum of every image and mask checked when it is read.
  public func verifyingReads() -> ZippedStore {
    ZippedStore(images: images.verifyingReads(), masks: masks.verifyingReads())
  }

  private init(images: any ImageStore, masks: any ImageStore) {
    self.images = images
    self.masks = masks
  }

  /// Reads both stores whole, checks every checksum there is, and compares the sizes of images and masks.
  ///
  /// - Parameter progress: called from time to time with the number of pairs checked; while the
  ///   images are checked and the masks are to follow, each image counts as half a pair.
  /// - Throws: the first fault found.
  public func verify(progress: (_ checked: Int) -> Void = { _ in }) throws(StoreError) {
    try images.verify { progress($0 / 2) }
    try masks.verify { progress(count / 2 + ($0 + 1) / 2) }
    guard images.format == nil || masks.format == nil else { return }
    for index in 0..<count {
      try Self.checkSize(try images.format(at: index), try masks.format(at: index), index: index)
    }
  }

  /// Compares images with their masks unless all sizes were known from the start.
  private func checkSizes(_ indices: Span<Int>) throws(StoreError) {
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
        "an image of \(image.height)x\(image.width) has a mask of another size, \(mask.height)x\(mask.width)",
        remedy: "give masks as large as their images", image: index)
    }
  }
}

/// Images and their masks read together; may be reused for the next read.
public struct ZippedBatch: Sendable {
  /// The images with their labels and indices.
  public private(set) var images = ImageBatch()
  /// The masks in the order of the images, with the labels of their own store, if it has any.
  public private(set) var masks = ImageBatch()

  /// An empty batch.
  public init() {}

  /// How many pairs there are.
  public var count: Int { images.count }

  /// Replaces images and masks, or empties the batch if that fails half-way, so that it never has
  /// images with the wrong masks.
  fileprivate mutating func replace(
    _ body: (_ images: inout ImageBatch, _ masks: inout ImageBatch) throws(StoreError) -> Void
  ) throws(StoreError) {
    do throws(StoreError) {
      try body(&images, &masks)
    } catch {
      self = ZippedBatch()
      throw error
    }
  }
}
