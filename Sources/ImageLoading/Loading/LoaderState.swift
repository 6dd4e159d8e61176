/// The state of an epoch, which can be saved with a model and resumed from.
///
///     let saved = try JSONEncoder().encode(batch.state)
///     ...
///     let state = try JSONDecoder().decode(LoaderState.self, from: saved)
///     for try await batch in train.batches(of: 128, resuming: state) { ... }
///
/// The batches that follow are exactly the rest of the epoch: the same images, labels, crops and
/// flips in the same order. The batch size and the number of processes may differ from before.
/// Later versions read states that earlier versions saved.
public struct LoaderState: Sendable, Hashable, Codable {
  /// The order of the epoch, with the shard of it that was taken.
  public private(set) var order: SampleOrder
  /// How many images the store has. Resuming with a store that has another number is an error.
  public let imageCount: Int
  /// How many samples all shards together have delivered, if each has made the same number of steps
  /// as this one.
  public let position: Int

  /// Creates the state of an epoch that begins at a position.
  ///
  /// - Parameters:
  ///   - order: the order of the epoch.
  ///   - imageCount: how many images the store has.
  ///   - position: how many samples of the order to skip, counting those of all shards.
  public init(order: SampleOrder, imageCount: Int, position: Int = 0) {
    self.order = order
    self.imageCount = imageCount
    self.position = position
  }

  /// The same state for process `index` of `count`, for any number of processes before.
  ///
  /// - Parameters:
  ///   - index: which process, from 0.
  ///   - count: how many processes share the rest of the epoch.
  ///   - remainder: what happens to the samples at the end that are too few for one per process.
  public func sharded(
    _ index: Int, of count: Int, remainder: Shard.Remainder = .repeat
  ) -> LoaderState {
    var state = self
    state.order = order.sharded(index, of: count, remainder: remainder)
    return state
  }

  /// The same state for this process, for any number of processes before.
  ///
  /// - Parameters:
  ///   - environment: which process this is.
  ///   - remainder: what happens to the samples at the end that are too few for one per process.
  public func sharded(
    by environment: DistributedEnvironment, remainder: Shard.Remainder = .repeat
  ) -> LoaderState {
    sharded(environment.rank, of: environment.worldSize, remainder: remainder)
  }
}
