/// A store did not do what the protocol promises.
public struct ConformanceFailure: Error, Sendable, Hashable {
  /// The name of the store's factory.
  public let store: String
  /// The name of the check that failed.
  public let check: String
  /// The seed that makes the failure happen again.
  public let seed: UInt64
  /// What was expected and what was got.
  public let message: String
}

extension ConformanceFailure: CustomStringConvertible {
  /// One line: the store, the check, the seed, what was expected and what was got.
  public var description: String { "\(store) fails \"\(check)\" (seed \(seed)): \(message)" }
}
