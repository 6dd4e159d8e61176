public import ImageStoreCore

/// What a caller does to each image of a loader, on the threads that make batches, after it was resized, cropped, turned and
/// recolored and before its samples become those of a tensor.
///
///     let step: ImageStep = { (index, format, pixels) throws(StoreError) in
///       for offset in 0..<pixels.byteCount { ... }
///     }
///
/// It is called from several threads at once, once per image. What it does must depend on nothing but its arguments, so that an epoch is the same
/// whatever the number of workers.
///
/// - Parameters:
///   - index: the image's index in its store.
///   - format: what its pixels are: rows x columns x channels of the store's element type.
///   - pixels: `format.byteCount` bytes, which may be changed.
/// - Throws: what ends the epoch in the place of the image's batch.
public typealias ImageStep =
  @Sendable (_ index: Int, _ format: ImageFormat, _ pixels: inout MutableRawSpan) throws(StoreError) -> Void
