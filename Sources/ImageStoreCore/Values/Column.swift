/// One value per image, such as file names or a coarse label.
public enum Column: Sendable, Hashable {
  /// Whole numbers.
  case int64([Int64])
  /// Floating-point numbers.
  case double([Double])
  /// Text.
  case string([String])

  /// How many values the column has.
  public var count: Int {
    switch self {
    case .int64(let values): values.count
    case .double(let values): values.count
    case .string(let values): values.count
    }
  }

  /// The kind of the values: `int64`, `double` or `string`.
  public var kind: Kind {
    switch self {
    case .int64: .int64
    case .double: .double
    case .string: .string
    }
  }

  /// What the values of a column are.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The kind of the case of ``Column`` with this name.
    case int64, double, string
  }

  /// An empty column.
  public init(_ kind: Kind) {
    switch kind {
    case .int64: self = .int64([])
    case .double: self = .double([])
    case .string: self = .string([])
    }
  }

  /// The values at some indices, in that order.
  ///
  /// - Precondition: every index is in `0..<count`.
  public func gathering(_ indices: some Sequence<Int>) -> Column {
    let indices = indices.indexArray()
    return switch self {
    case .int64(let values): .int64(indices.map { values[$0] })
    case .double(let values): .double(indices.map { values[$0] })
    case .string(let values): .string(indices.map { values[$0] })
    }
  }

  /// Appends the values of another column.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the kinds differ.
  public mutating func append(_ other: Column) throws(StoreError) {
    // The old value is taken out first, so that the array is not copied.
    switch (self, other) {
    case (.int64(var values), .int64(let more)):
      self = .int64([])
      values += more
      self = .int64(values)
    case (.double(var values), .double(let more)):
      self = .double([])
      values += more
      self = .double(values)
    case (.string(var values), .string(let more)):
      self = .string([])
      values += more
      self = .string(values)
    default:
      throw Self.mismatch(other.kind, after: kind)
    }
  }

  /// The error of values of one kind that are to follow values of another.
  package static func mismatch(_ kind: Kind, after known: Kind) -> StoreError {
    StoreError(.invalidArgument, "\(kind.rawValue) values for a column of \(known.rawValue)")
  }

  /// Checks that a name can be a column's in every backend. Formats that have a name of their own for something else, such as `label`,
  /// write a column that is called so under another name.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for an empty name, one of more than 200
  ///   bytes, `.` and `..`, and one with a slash, a backslash or a control character.
  public static func validate(name: String) throws(StoreError) {
    let isLegal =
      !name.isEmpty && name.utf8.count <= 200 && name != "." && name != ".."
      && name.unicodeScalars.allSatisfy {
        $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control
      }
    guard isLegal else {
      throw StoreError(
        .invalidArgument, "invalid column name",
        remedy: "use 1 to 200 bytes without slashes or control characters", key: name)
    }
  }
}

extension Column {
  /// The value of one image. Literals become values of the kind they look like:
  ///
  ///     try writer.append(pixels, format: format, label: 3, columns: ["name": "cat.png", "weight": 0.5, "id": 7])
  public enum Value: Sendable, Hashable {
    /// A whole number.
    case int64(Int64)
    /// A floating-point number.
    case double(Double)
    /// Text.
    case string(String)
  }

  /// A column of one value.
  public init(_ value: Value) {
    switch value {
    case .int64(let value): self = .int64([value])
    case .double(let value): self = .double([value])
    case .string(let value): self = .string([value])
    }
  }
}

extension Column.Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral {
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .int64(value) }
  /// A floating-point number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
}
