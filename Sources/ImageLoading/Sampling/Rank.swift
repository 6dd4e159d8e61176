/// One of several processes that share an epoch.
public struct Rank: Sendable, Hashable, Codable {
  /// Which process, from 0.
  public var index: Int
  /// How many there are.
  public var count: Int
  /// What happens to the last positions where they do not suffice for all ranks.
  public var padding: RankPadding

  /// The most processes that can share an epoch.
  public static let maximumCount = 1 << 30

  /// Creates a rank; whether it makes sense is checked when it is used.
  public init(index: Int, count: Int, padding: RankPadding = .repeat) {
    self.index = index
    self.count = count
    self.padding = padding
  }
}

/// How ranks get equal numbers of samples where the order's length is not a multiple of their number.
public enum RankPadding: String, Sendable, Hashable, Codable, CaseIterable {
  /// The last ranks take samples from the beginning of the order again.
  case `repeat`
  /// The samples at the end that do not suffice for all ranks are left out.
  case drop
}
