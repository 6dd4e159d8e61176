internal import ImageStoreCore
internal import Synchronization

/// What a batch consists of, in memory that is used again once nobody holds the batch.
///
/// Invariant behind `@unchecked Sendable`: written by the one worker that found it free, only read once
/// it is handed over, until the last ``BatchLease`` is gone.
final class BatchStorage: @unchecked Sendable {
  /// Whether no batch uses it. What was read before it was set is read before what is written after it
  /// was seen.
  let isFree = Atomic(true)
  var indices: [Int] = []
  var labels: [Int32] = []
  var columns: [String: Column] = [:]
  var position: LoaderState
  var number = 0
  /// The images, and their masks where they have such.
  var images = Part()
  var masks: Part?

  struct Part: ~Copyable {
    var memory = BatchMemory()
    var layout = BatchLayout([])
    var tensor = TensorFormat.stored
  }

  init(position: LoaderState, hasMasks: Bool) {
    self.position = position
    if hasMasks { masks = Part() }
    LoaderDiagnostics.batches.add(1, ordering: .relaxed)
  }

  deinit { LoaderDiagnostics.batches.subtract(1, ordering: .relaxed) }
}

/// Lends storage to a batch: its memory is free again when the last copy of the batch is gone.
final class BatchLease: Sendable {
  let storage: BatchStorage

  init(_ storage: BatchStorage) { self.storage = storage }

  deinit { storage.isFree.store(true, ordering: .releasing) }
}
