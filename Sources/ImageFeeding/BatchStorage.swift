internal import ImageStoreCore
internal import Synchronization

/// What a batch consists of, in memory that is used again once nobody holds the batch.
///
/// Invariant behind `@unchecked Sendable`: written by one thread that holds it besides the pool alone,
/// only read once it is handed over.
final class BatchStorage: @unchecked Sendable {
  var indices: [Int] = []
  var labels: [Int32] = []
  var columns: [String: Column] = [:]
  var position: FeedPosition
  var number = 0
  /// The images, and their masks where they have such.
  var images = Part()
  var masks: Part?

  struct Part: ~Copyable {
    var memory = BatchMemory()
    var layout = BatchLayout([])
    var tensor = TensorFormat.stored
  }

  init(position: FeedPosition, hasMasks: Bool) {
    self.position = position
    if hasMasks { masks = Part() }
    FeedCensus.batches.add(1, ordering: .relaxed)
  }

  deinit { FeedCensus.batches.subtract(1, ordering: .relaxed) }
}
