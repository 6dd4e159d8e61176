/// How batches are made ahead.
public struct LoaderOptions: Sendable, Hashable {
  /// What happens to the images at the end that do not fill a batch.
  public enum LastBatch: String, Sendable, Hashable, Codable, CaseIterable {
    /// What becomes of them: a smaller batch, or nothing.
    case keep, drop
  }

  /// What happens to the images at the end that do not fill a batch.
  public var lastBatch: LastBatch
  /// The most batches that are made, or being made, ahead of the consumer.
  ///
  /// A loader holds the memory of at most two more than that, for use again, besides what the consumer
  /// keeps: see ``BatchLoader``.
  public var prefetch: Int
  /// The threads that make batches; nil for one a processor, at most 8.
  public var workers: Int?
  /// The columns that batches carry.
  public var columns: [String]

  /// Creates options; the parameters are the properties.
  public init(
    lastBatch: LastBatch = .keep, prefetch: Int = 6, workers: Int? = nil, columns: [String] = []
  ) {
    self.lastBatch = lastBatch
    self.prefetch = prefetch
    self.workers = workers
    self.columns = columns
  }
}
