public import ImageStoreCore

/// A function that a caller applies to each image of a loader, on the threads that make batches,
/// after the image was resized, cropped, turned and recolored and before its samples become those
/// of a tensor.
///
///     let step: ImageStep = { (index, format, pixels) throws(StoreError) in
///       for offset in 0..<pixels.byteCount { ... }
///     }
///
/// It is called from several threads at once, once per image. Its result must depend only on its
/// arguments, so that an epoch is the same for any number of workers.
///
/// - Parameters:
///   - index: the image's index in its store.
///   - format: the format of its pixels: rows x columns x channels of the store's element type.
///   - pixels: `format.byteCount` bytes, which may be changed.
/// - Throws: an error that ends the epoch in place of the image's batch.
public typealias ImageStep =
  @Sendable (_ index: Int, _ format: ImageFormat, _ pixels: inout MutableRawSpan) throws(StoreError) -> Void
