public import ImageStoreCore

/// The batches of an epoch, made ahead by threads and delivered in order.
///
///     for try await batch in train.batches(of: 128, in: order) { step(batch.pixels, batch.labels) }
///
/// Every loop over a loader is an epoch of its own. Where tasks are not used, ``makeBlockingIterator()``
/// gives the same batches:
///
///     var batches = loader.makeBlockingIterator()
///     while let batch = try batches.next() { step(batch.pixels, batch.labels) }
///
/// - Order: the batches are the same, in the same order, whatever the number of workers.
/// - Memory: at most ``LoaderOptions/prefetch`` + 2 batches, besides what the consumer keeps beyond two;
///   the store's own scratch memory comes to that. Memory is used again: once warm, pixels, labels and
///   indices of a batch take none.
/// - Threads: those of ``LoaderOptions/workers``, which end with the iterator. No task is ever blocked.
/// - Errors: thrown in place of the batch that could not be made, after all batches before it, with the
///   image's index; the loader ends with it.
/// - Cancellation: a waiting loop throws ``ImageStoreCore/StoreError/Code/cancelled`` at once; workers end
///   after the batch they are at.
public struct BatchLoader: AsyncSequence, Sendable {
  /// A batch of images.
  public typealias Element = LoadedBatch
  /// What reading throws.
  public typealias Failure = StoreError

  let request: LoaderRequest

  /// Starts an epoch, with threads of its own.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(request) }

  /// An iterator for code without tasks: `next()` waits, and makes batches itself meanwhile.
  public func makeBlockingIterator() -> BlockingIterator { BlockingIterator(request) }

  /// Calls `body` with every batch in turn, on the calling thread.
  public func forEachBatch(_ body: (LoadedBatch) throws -> Void) throws {
    var batches = makeBlockingIterator()
    while let batch = try batches.next() { try body(batch) }
  }

  /// The batches as a plain sequence, each with the error in its place:
  ///
  ///     for result in loader.results { let batch = try result.get() ... }
  public var results: Results { Results(loader: self) }
}

extension BatchLoader {
  /// The batches of a loader, or the error that ends them.
  public struct Results: Sequence, Sendable {
    let loader: BatchLoader

    /// Starts an epoch, with threads of its own.
    public func makeIterator() -> Iterator { Iterator(batches: loader.makeBlockingIterator()) }

    /// The batches of one epoch.
    public struct Iterator: IteratorProtocol {
      var batches: BlockingIterator

      /// The next batch, or the error that ends the epoch; nil at the end.
      public mutating func next() -> Result<LoadedBatch, StoreError>? {
        do throws(StoreError) {
          return try batches.next().map { .success($0) }
        } catch {
          return .failure(error)
        }
      }
    }
  }
}
