/// How batches are made ahead of the consumer.
public struct LoaderOptions: Sendable, Hashable {
  /// What happens to the images at the end that are too few for a full batch.
  public enum LastBatch: String, Sendable, Hashable, Codable, CaseIterable {
    /// They become a smaller batch.
    case keep
    /// They are left out.
    case drop
  }

  /// What happens to the images at the end that are too few for a full batch.
  public var lastBatch: LastBatch
  /// The most batches that are made, or being made, ahead of the consumer; at least 1.
  ///
  /// A loader holds the memory of at most two more, for reuse, in addition to the batches that the
  /// consumer keeps: see ``BatchLoader``.
  public var prefetch: Int
  /// The number of threads that make batches; nil for one per processor, at most 8.
  public var workers: Int?
  /// The names of the columns that batches carry.
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
