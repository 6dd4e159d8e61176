extension Column {
  /// The value of one image. Literals become values of the kind they look like; a vector with one
  /// fraction is a vector of floating-point numbers:
  ///
  ///     try writer.append(
  ///       pixels, format: format, label: 3,
  ///       columns: ["name": "cat.png", "weight": 0.5, "id": 7, "box": [10, 20, 64, 48], "mean": [0.5, 1], "hash": .bytes(hash)])
  public enum Value: Sendable, Hashable {
    /// A whole number.
    case int64(Int64)
    /// A floating-point number.
    case double(Double)
    /// Text.
    case string(String)
    /// Bytes.
    case bytes([UInt8])
    /// Whole numbers, the same number for every image.
    case int64Vector([Int64])
    /// Floating-point numbers, the same number for every image.
    case doubleVector([Double])
  }

  /// A column of one value.
  public init(_ value: Value) {
    switch value {
    case .int64(let value): self = .int64([value])
    case .double(let value): self = .double([value])
    case .string(let value): self = .string([value])
    case .bytes(let value): self = .bytes(Bytes(CollectionOfOne(value)))
    case .int64Vector(let values): self = .int64Vectors(Vectors(one: values))
    case .doubleVector(let values): self = .doubleVectors(Vectors(one: values))
    }
  }

  /// A number in the literal of a vector.
  public enum Number: Sendable, Hashable {
    /// A whole number.
    case int64(Int64)
    /// A floating-point number.
    case double(Double)
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

extension Column.Value: ExpressibleByArrayLiteral {
  /// A vector: of whole numbers if all of them are.
  public init(arrayLiteral elements: Column.Number...) {
    let integers = elements.compactMap { if case .int64(let value) = $0 { value } else { nil } }
    guard integers.count < elements.count else {
      self = .int64Vector(integers)
      return
    }
    self = .doubleVector(
      elements.map {
        switch $0 {
        case .int64(let value): Double(value)
        case .double(let value): value
        }
      })
  }
}

extension Column.Number: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .int64(value) }
  /// A floating-point number.
  public init(floatLiteral value: Double) { self = .double(value) }
}

// Values of variables, which literals are not.

extension Column.Value {
  /// A whole number of any type.
  ///
  /// - Precondition: the number fits `Int64`.
  public static func number(_ value: some BinaryInteger) -> Column.Value { .int64(Int64(value)) }

  /// A floating-point number of any type.
  public static func number(_ value: some BinaryFloatingPoint) -> Column.Value { .double(Double(value)) }

  /// A vector of whole numbers of any type, such as a box: `.vector([left, top, width, height])`.
  ///
  /// - Precondition: the numbers fit `Int64`.
  public static func vector(_ values: some Sequence<some BinaryInteger>) -> Column.Value {
    .int64Vector(values.map { Int64($0) })
  }

  /// A vector of floating-point numbers of any type.
  public static func vector(_ values: some Sequence<some BinaryFloatingPoint>) -> Column.Value {
    .doubleVector(values.map { Double($0) })
  }
}
