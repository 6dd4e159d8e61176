public import ImageStoreCore

/// Ends a pipeline when the last iterator over it goes.
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
          // A cancellation stops the pipeline too: the loop's head tells one from the other.
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
