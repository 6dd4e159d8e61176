public import ImageStoreCore

/// Where an epoch stands, to be saved with a model and resumed from.
///
///     let state = try JSONEncoder().encode(batch.position)
///     ...
///     let position = try JSONDecoder().decode(LoaderState.self, from: state)
///     for try await batch in train.batches(of: 128, from: position) { ... }
///
/// What follows is exactly the rest of the epoch: the same images, labels, crops and mirrorings in the
/// same order. The size of batches and the number of ranks may be others than before.
public struct LoaderState: Sendable, Hashable, Codable {
  /// The order of the epoch, with the rank that it was taken by.
  public private(set) var order: SampleOrder
  /// How many images the store has; resuming with a store that has another number is an error.
  public let imageCount: Int
  /// How many samples of the joined order (that of all ranks) have been delivered, where every rank has
  /// taken as many steps.
  public let position: Int

  /// - Parameters:
  ///   - order: the order of the epoch.
  ///   - imageCount: how many images the store has.
  ///   - position: a position of the joined order.
  public init(order: SampleOrder, imageCount: Int, position: Int = 0) {
    self.order = order
    self.imageCount = imageCount
    self.position = position
  }

  /// The same place for process `rank` of `count`, however many there were before.
  public func rank(
    _ rank: Int, of count: Int, padding: RankPadding = .repeat
  ) -> LoaderState {
    var position = self
    position.order = order.rank(rank, of: count, padding: padding)
    return position
  }
}

extension StoreError.Code {
  /// The task was cancelled while it waited for a batch.
  public static let cancelled = StoreError.Code(rawValue: "cancelled")
}
