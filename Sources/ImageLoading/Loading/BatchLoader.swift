public import ImageStoreCore

/// The batches of an epoch, made ahead by threads and delivered in order.
///
///     for try await batch in train.batches(of: 128, in: order) { step(batch.pixels, batch.labels) }
///
/// Each loop over a loader is a new epoch. ``makeBlockingIterator()`` gives the same batches to
/// code without tasks:
///
///     var batches = loader.makeBlockingIterator()
///     while let batch = try batches.next() { step(batch.pixels, batch.labels) }
///
/// - Order: the batches are the same, in the same order, for any number of workers.
/// - Memory: at most ``LoaderOptions/prefetch`` + 2 batches, plus those that the consumer keeps
///   beyond two and the memory that the store itself needs to decode. Memory is reused: after the
///   first batches, pixels, labels and indices allocate no more.
/// - Threads: ``LoaderOptions/workers`` of them, which end with the iterator. No task is ever
///   blocked. As long as the store's files are not in memory, up to three more threads fetch them
///   (16 for a store of one file per image); these wait for the disk most of the time.
/// - Errors: thrown in place of the batch that could not be made, after all batches before it, with the
///   index of the image. The loop ends with the first error.
/// - Cancellation: a waiting loop throws ``ImageStoreCore/StoreError/Code/cancelled`` at once; workers end
///   after the batch they are making.
public struct BatchLoader: AsyncSequence, Sendable {
  /// A batch of images.
  public typealias Element = LoadedBatch
  /// The error that reading throws.
  public typealias Failure = StoreError

  let request: LoaderRequest

  /// Starts an epoch, with threads of its own.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(request) }

  /// Starts an epoch for code without tasks: `next()` blocks, and makes batches itself instead of waiting.
  public func makeBlockingIterator() -> BlockingIterator { BlockingIterator(request) }
}

extension ImageStore {
  /// The batches of an epoch, made ahead by threads and delivered in order, in bounded memory.
  ///
  ///     for try await batch in train.batches(of: 128, in: .shuffled(seed: 42, epoch: epoch)) {
  ///       step(batch.pixels, batch.labels)
  ///     }
  ///
  /// Invalid arguments are reported as an error of the first batch.
  ///
  /// - Parameters:
  ///   - size: images per batch; the last may have fewer, see
  ///     ``ImageLoading/LoaderOptions/lastBatch-swift.property``.
  ///   - order: the order of the images, and the shard of it to take.
  ///   - tensor: the form in which pixels are delivered.
  ///   - augmentation: how images are resized, cropped, turned and recolored.
  ///   - step: further processing of each image, on the threads that make batches.
  ///   - options: how batches are made ahead.
  public func batches(
    of size: Int, in order: SampleOrder = .sequential, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, step: ImageStep? = nil, options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    batches(
      of: size, resuming: LoaderState(order: order, imageCount: count), as: tensor,
      augmentation: augmentation, step: step, options: options)
  }

  /// The batches of the rest of an epoch.
  ///
  /// - Parameters:
  ///   - size: images per batch, which may differ from the number before.
  ///   - state: the state of the last batch used.
  ///   - tensor: the form in which pixels are delivered.
  ///   - augmentation: how images are resized, cropped, turned and recolored.
  ///   - step: further processing of each image, on the threads that make batches.
  ///   - options: how batches are made ahead.
  public func batches(
    of size: Int, resuming state: LoaderState, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, step: ImageStep? = nil, options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    BatchLoader(
      request: LoaderRequest(
        images: self, masks: nil, batchSize: size, state: state, tensor: tensor, maskTensor: .stored,
        augmentation: augmentation, step: step, options: options))
  }
}

/// Ends a pipeline when its last iterator is released.
private final class PipelineOwner: Sendable {
  let pipeline: LoaderPipeline

  init(_ request: LoaderRequest) { pipeline = LoaderPipeline(request) }

  deinit { pipeline.stop() }
}

extension BatchLoader {
  /// Delivers batches to a task.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let request: LoaderRequest
    private var owner: PipelineOwner?
    private var isAtEnd = false

    init(_ request: LoaderRequest) { self.request = request }

    /// The next batch, or nil at the end of the epoch.
    public mutating func next() async throws(StoreError) -> LoadedBatch? {
      try await next(isolation: #isolation)
    }

    /// The next batch, or nil at the end of the epoch.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(StoreError) -> LoadedBatch? {
      guard !isAtEnd else { return nil }
      if owner == nil {
        owner = PipelineOwner(request)
        owner!.pipeline.start()
      }
      let pipeline = owner!.pipeline
      while true {
        if Task.isCancelled {
          finish()
          throw StoreError(.cancelled, "the task was cancelled before the end of the epoch")
        }
        switch pipeline.take() {
        case .batch(let storage): return LoadedBatch(BatchLease(storage))
        case .failure(let error):
          finish()
          throw error
        case .end:
          // A cancellation also stops the pipeline; the check at the head of the loop tells the two
          // apart.
          if Task.isCancelled { continue }
          finish()
          return nil
        case .notYet:
          await withTaskCancellationHandler {
            await pipeline.waitUntilReady()
          } onCancel: {
            pipeline.stop()
          }
        }
      }
    }

    private mutating func finish() {
      isAtEnd = true
      owner = nil
    }
  }

  /// Delivers batches to a thread.
  public struct BlockingIterator {
    private let request: LoaderRequest
    private var owner: PipelineOwner?
    private var isAtEnd = false
    private let workspace = BatchReader.Workspace()

    init(_ request: LoaderRequest) { self.request = request }

    /// The next batch, or nil at the end of the epoch and after an error.
    public mutating func next() throws(StoreError) -> LoadedBatch? {
      guard !isAtEnd else { return nil }
      if owner == nil {
        owner = PipelineOwner(request)
        owner!.pipeline.prepare()
      }
      switch owner!.pipeline.takeWaiting(workspace) {
      case .batch(let storage): return LoadedBatch(BatchLease(storage))
      case .failure(let error):
        finish()
        throw error
      case .end, .notYet:
        finish()
        return nil
      }
    }

    private mutating func finish() {
      isAtEnd = true
      owner = nil
    }
  }
}

extension StoreError.Code {
  /// The task was cancelled while it waited for a batch.
  public static let cancelled = StoreError.Code(rawValue: "cancelled")
}
