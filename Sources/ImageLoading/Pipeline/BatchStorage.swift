internal import ImageStoreCore
internal import Synchronization

/// The contents of a batch, in memory that is reused once nobody holds the batch.
///
/// Invariant behind `@unchecked Sendable`: written by the one worker that found it free, only read once
/// it is delivered, until the last ``BatchLease`` is gone.
final class BatchStorage: @unchecked Sendable {
  /// Whether no batch uses it. Reads before it was set come before writes after it was seen.
  let isFree = Atomic(true)
  var number = 0
  var indices: [Int] = []
  var labels: [Int32] = []
  var columns: [String: Column] = [:]
  var state: LoaderState
  var images = Tensor()
  /// Nil unless the batch is one of pairs.
  var masks = Tensor()

  /// The pixels of a batch from one store.
  struct Tensor: ~Copyable {
    /// Whole pages, which devices that share memory ask for.
    var memory = GrowingMemory(alignment: GrowingMemory.pageByteCount)
    var layout = BatchLayout([])
    var format = TensorFormat.stored
    /// The formats of the images as they are stored, if they may differ and the images are
    /// transformed.
    var formats: [ImageFormat] = []
  }

  /// The images of the batch, from which the transform of each is known.
  var samples = TensorReader.Samples(indices: [], firstPosition: 0, stride: 1)
  /// The reader that read them.
  var reader: TensorReader?

  init(state: LoaderState) {
    self.state = state
    LoaderDiagnostics.batches.add(1, ordering: .relaxed)
  }

  deinit { LoaderDiagnostics.batches.subtract(1, ordering: .relaxed) }
}

/// A batch's hold on storage, which is free again when the last copy of the batch is gone.
final class BatchLease: Sendable {
  let storage: BatchStorage

  init(_ storage: BatchStorage) { self.storage = storage }

  deinit { storage.isFree.store(true, ordering: .releasing) }
}
