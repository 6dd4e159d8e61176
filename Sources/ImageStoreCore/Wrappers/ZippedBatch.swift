/// Images and their masks read together; may be used again for the next read.
public struct ZippedBatch: Sendable {
  /// The images with their labels and indices.
  public private(set) var images = ImageBatch()
  /// The masks, in the order of the images; they have no labels unless their store does.
  public private(set) var masks = ImageBatch()

  /// An empty batch.
  public init() {}

  /// How many pairs there are.
  public var count: Int { images.count }

  /// A batch without contents where a read fails half-way, so that it never pairs strangers.
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

extension ZippedStore {
  /// Replaces the contents of a batch by images and their masks, or the same region of each.
  ///
  /// - Throws: what reading either store throws, and ``StoreError/Code/invalidArgument`` for an image
  ///   whose mask has another size; the batch is empty then.
  public func read(
    _ indices: [Int], region: ImageRegion? = nil, into batch: inout ZippedBatch
  ) throws(StoreError) {
    try batch.replace { (imageBatch, maskBatch) throws(StoreError) in
      try checkSizes(indices.span)
      try images.read(indices, region: region, into: &imageBatch)
      try masks.read(indices, region: region, into: &maskBatch)
    }
  }

  /// A new batch of images and their masks, or of the same region of each.
  public func readPairs(
    _ indices: [Int], region: ImageRegion? = nil
  ) throws(StoreError) -> ZippedBatch {
    var batch = ZippedBatch()
    try read(indices, region: region, into: &batch)
    return batch
  }
}
