public import ImageStoreCore

/// Images that a loader delivers together: pixels, labels and indices.
///
/// A batch may be kept for as long as it is needed; its memory is used again for a later batch once the
/// last copy of it is gone.
public struct LoadedBatch: Sendable {
  let lease: BatchLease
  /// Whether these are the masks of a batch of pairs.
  let isMasks: Bool

  init(_ lease: BatchLease, isMasks: Bool = false) {
    self.lease = lease
    self.isMasks = isMasks
  }

  var storage: BatchStorage { lease.storage }

  /// How many images there are.
  public var count: Int { storage.indices.count }
  /// Which batch of the epoch, or of the rest that was resumed, it is, from 0.
  public var number: Int { storage.number }
  /// Which image of the store each is.
  public var indices: [Int] { storage.indices }
  /// A label an image; empty where the store has none.
  public var labels: [Int32] { storage.labels }
  /// The values of the columns that ``LoaderOptions/columns`` asks for.
  public var columns: [String: Column] { storage.columns }
  /// Where the epoch stands once this batch has been used.
  public var position: LoaderState { storage.position }

  /// How the images lie in ``pixels``, with the type of their samples. Where ``tensorLayout`` is `nchw`,
  /// each image's planes follow one another within its bytes.
  public var layout: BatchLayout { isMasks ? storage.masks!.layout : storage.images.layout }
  /// The order of the dimensions.
  public var tensorLayout: TensorFormat.Layout {
    isMasks ? storage.masks!.tensor.layout : storage.images.tensor.layout
  }

  /// The batch's four dimensions in the order of ``tensorLayout``, or nil where images differ in size.
  public var shape: [Int]? {
    guard let format = layout.uniformFormat else { return nil }
    return switch tensorLayout {
    case .nhwc: [count, format.height, format.width, format.channels]
    case .nchw: [count, format.channels, format.height, format.width]
    }
  }

  /// The masks of these images, cropped and mirrored alike; nil unless the loader is one of pairs.
  public var masks: LoadedBatch? {
    storage.masks == nil || isMasks ? nil : LoadedBatch(lease, isMasks: true)
  }
}
