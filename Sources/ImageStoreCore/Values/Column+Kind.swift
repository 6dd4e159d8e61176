extension Column {
  /// The kind of the values of a column.
  ///
  /// Its ``rawValue`` is what files and `imagestore info` call it: `int64`, `double`, `string`,
  /// `bytes`, and `int64[4]` or `double[4]` for vectors of four numbers.
  public enum Kind: Sendable, Hashable {
    /// The kind of the case of ``Column`` with this name.
    case int64, double, string, bytes
    /// Vectors of that many whole numbers.
    case int64Vectors(width: Int)
    /// Vectors of that many floating-point numbers.
    case doubleVectors(width: Int)
  }
}

extension Column.Kind: RawRepresentable, Codable {
  /// The kind of a name; nil for any other text, and for a width that vectors cannot have.
  public init?(rawValue: String) {
    switch rawValue {
    case "int64": self = .int64
    case "double": self = .double
    case "string": self = .string
    case "bytes": self = .bytes
    default:
      guard rawValue.last == "]", let bracket = rawValue.firstIndex(of: "["),
        let width = Int(rawValue[rawValue.index(after: bracket)...].dropLast()),
        Column.widths.contains(width)
      else { return nil }
      switch rawValue[..<bracket] {
      case "int64": self = .int64Vectors(width: width)
      case "double": self = .doubleVectors(width: width)
      default: return nil
      }
      guard self.rawValue == rawValue else { return nil }
    }
  }

  /// Its name, such as `int64[4]`.
  public var rawValue: String {
    switch self {
    case .int64: "int64"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .int64Vectors(let width): "int64[\(width)]"
    case .doubleVectors(let width): "double[\(width)]"
    }
  }
}
