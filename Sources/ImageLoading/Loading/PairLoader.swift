public import ImageStoreCore

/// The batches of an epoch of images and their masks, made ahead by threads and delivered in order.
///
///     let pairs = try ZippedStore(photographs, masks: masks)
///     for try await batch in pairs.batches(of: 16, in: order, augmentation: crops) {
///       step(batch.images.pixels, batch.masks.pixels)
///     }
///
/// Images and masks are cropped and flipped in the same way. For everything else, such as order,
/// memory, errors and cancellation, see ``BatchLoader``.
public struct PairLoader: AsyncSequence, Sendable {
  /// A batch of images and masks.
  public typealias Element = PairBatch
  /// The error that reading throws.
  public typealias Failure = StoreError

  private let loader: BatchLoader

  init(request: LoaderRequest) { loader = BatchLoader(request: request) }

  /// Starts an epoch, with threads of its own.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: loader.makeAsyncIterator()) }

  /// Starts an epoch for code without tasks: `next()` blocks, and makes batches itself instead of waiting.
  public func makeBlockingIterator() -> BlockingIterator {
    BlockingIterator(base: loader.makeBlockingIterator())
  }

  /// Delivers batches to a task.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: BatchLoader.AsyncIterator

    /// The next batch, or nil at the end of the epoch.
    public mutating func next() async throws(StoreError) -> PairBatch? {
      try await next(isolation: #isolation)
    }

    /// The next batch, or nil at the end of the epoch.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(StoreError) -> PairBatch? {
      guard let batch = try await base.next(isolation: actor) else { return nil }
      return PairBatch(batch.lease)
    }
  }

  /// Delivers batches to a thread.
  public struct BlockingIterator {
    var base: BatchLoader.BlockingIterator

    /// The next batch, or nil at the end of the epoch and after an error.
    public mutating func next() throws(StoreError) -> PairBatch? {
      guard let batch = try base.next() else { return nil }
      return PairBatch(batch.lease)
    }
  }
}

/// Images and their masks that a loader delivers together.
///
/// A batch may be kept for as long as it is needed, like a ``LoadedBatch``.
public struct PairBatch: Sendable {
  /// The images.
  public let images: LoadedBatch
  /// The masks in the order of the images, cropped and flipped as they are. Indices, labels and
  /// columns are those of the images.
  public let masks: LoadedBatch

  init(_ lease: BatchLease) {
    images = LoadedBatch(lease)
    masks = LoadedBatch(lease, .masks)
  }

  /// How many pairs there are.
  public var count: Int { images.count }
  /// The number of the batch in the epoch, or in the rest of a resumed epoch, from 0.
  public var number: Int { images.number }
  /// The index in the store of each pair.
  public var indices: [Int] { images.indices }
  /// One label per image; empty if the store of the images has none.
  public var labels: [Int32] { images.labels }
  /// The values of the columns that ``LoaderOptions/columns`` asks for, by name, one per image.
  public var columns: [String: Column] { images.columns }
  /// The state of the epoch after this batch.
  public var state: LoaderState { images.state }
}

extension ZippedStore {
  /// The batches of an epoch of images and their masks, made ahead by threads and delivered in order.
  ///
  /// Invalid arguments are reported as an error of the first batch.
  ///
  /// - Parameters:
  ///   - size: pairs per batch; the last may have fewer, see
  ///     ``ImageLoading/LoaderOptions/lastBatch-swift.property``.
  ///   - order: the order of the pairs, and the shard of it to take.
  ///   - tensor: the form in which the pixels of images are delivered.
  ///   - maskTensor: the form in which the pixels of masks are delivered.
  ///   - augmentation: how images and masks are resized, cropped and turned; only images are
  ///     recolored.
  ///   - step: further processing of each image (not of masks), on the threads that make batches.
  ///   - options: how batches are made ahead; columns are those of the images.
  public func batches(
    of size: Int, in order: SampleOrder = .sequential, as tensor: TensorFormat = .stored,
    masksAs maskTensor: TensorFormat = .stored, augmentation: Augmentation = .none, step: ImageStep? = nil,
    options: LoaderOptions = LoaderOptions()
  ) -> PairLoader {
    batches(
      of: size, resuming: LoaderState(order: order, imageCount: count), as: tensor, masksAs: maskTensor,
      augmentation: augmentation, step: step, options: options)
  }

  /// The batches of the rest of an epoch of images and their masks.
  ///
  /// - Parameters:
  ///   - size: pairs per batch, which may differ from the number before.
  ///   - state: the state of the last batch used.
  ///   - tensor: the form in which the pixels of images are delivered.
  ///   - maskTensor: the form in which the pixels of masks are delivered.
  ///   - augmentation: how images and masks are resized, cropped and turned; only images are
  ///     recolored.
  ///   - step: further processing of each image (not of masks), on the threads that make batches.
  ///   - options: how batches are made ahead; columns are those of the images.
  public func batches(
    of size: Int, resuming state: LoaderState, as tensor: TensorFormat = .stored,
    masksAs maskTensor: TensorFormat = .stored, augmentation: Augmentation = .none, step: ImageStep? = nil,
    options: LoaderOptions = LoaderOptions()
  ) -> PairLoader {
    PairLoader(
      request: LoaderRequest(
        images: images, masks: masks, batchSize: size, state: state, tensor: tensor, maskTensor: maskTensor,
        augmentation: augmentation, step: step, options: options))
  }
}
