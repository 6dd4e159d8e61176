/// A part that a data set is divided into, such as the arrays `x_train` and `x_test` of one file.
///
/// The set is open: a data set may have a split of any name.
///
///     let splits = try NPZStore.splits(at: "data.npz")
///     let train = splits[.training]
///     let extra = splits["unlabelled"]
public struct Split: RawRepresentable, Sendable, Hashable {
  /// The name of the split.
  public let rawValue: String

  /// The split with a name.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The images to train on.
  public static let training = Split(rawValue: "training")
  /// The images to monitor training with.
  public static let validation = Split(rawValue: "validation")
  /// The images held back until the end.
  public static let test = Split(rawValue: "test")
}

extension Split: ExpressibleByStringLiteral {
  /// The split with a name.
  public init(stringLiteral name: String) { self.init(rawValue: name) }
}

extension Split: CustomStringConvertible {
  /// The name of the split.
  public var description: String { rawValue }
}

extension Split: Comparable {
  /// Training, validation and test come first and in this order, the others after them by name.
  public static func < (first: Split, second: Split) -> Bool {
    (first.rank, first.rawValue) < (second.rank, second.rawValue)
  }

  private var rank: Int { [.training, .validation, .test].firstIndex(of: self) ?? 3 }
}
