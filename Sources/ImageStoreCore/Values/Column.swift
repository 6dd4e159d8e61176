/// Further information on each image, such as its file name, boxes or a coarse label.
///
/// A column has one value per image: a number, a text, a vector of numbers whose length is the same
/// for every image, or any number of bytes.
///
///     switch try store.column("boxes") {
///     case .int64Vectors(let boxes): draw(boxes[17])
///     default: break
///     }
public enum Column: Sendable, Hashable {
  /// Whole numbers.
  case int64([Int64])
  /// Floating-point numbers.
  case double([Double])
  /// Text.
  case string([String])
  /// Bytes, of any number for each image.
  case bytes(Bytes)
  /// Vectors of whole numbers, such as the four numbers of a box.
  case int64Vectors(Vectors<Int64>)
  /// Vectors of floating-point numbers.
  case doubleVectors(Vectors<Double>)

  /// How many values the column has: one per image.
  public var count: Int {
    switch self {
    case .int64(let values): values.count
    case .double(let values): values.count
    case .string(let values): values.count
    case .bytes(let values): values.count
    case .int64Vectors(let vectors): vectors.count
    case .doubleVectors(let vectors): vectors.count
    }
  }

  /// The kind of the values.
  public var kind: Kind {
    switch self {
    case .int64: .int64
    case .double: .double
    case .string: .string
    case .bytes: .bytes
    case .int64Vectors(let vectors): .int64Vectors(width: vectors.width)
    case .doubleVectors(let vectors): .doubleVectors(width: vectors.width)
    }
  }

  /// An empty column.
  ///
  /// - Precondition: vectors have a width from 1.
  public init(_ kind: Kind) {
    switch kind {
    case .int64: self = .int64([])
    case .double: self = .double([])
    case .string: self = .string([])
    case .bytes: self = .bytes(Bytes())
    case .int64Vectors(let width): self = .int64Vectors(Vectors(width: width))
    case .doubleVectors(let width): self = .doubleVectors(Vectors(width: width))
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
    case .bytes(let values): .bytes(values.gathering(indices))
    case .int64Vectors(let vectors): .int64Vectors(vectors.gathering(indices))
    case .doubleVectors(let vectors): .doubleVectors(vectors.gathering(indices))
    }
  }

  /// Appends the values of another column.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the kinds differ, or the widths of vectors.
  public mutating func append(_ other: Column) throws(StoreError) {
    guard kind == other.kind else { throw Self.mismatch(other.kind, after: kind) }
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
    case (.bytes(var values), .bytes(let more)):
      self = .int64([])
      values.append(contentsOf: more)
      self = .bytes(values)
    case (.int64Vectors(var vectors), .int64Vectors(let more)):
      self = .int64([])
      try vectors.append(contentsOf: more)
      self = .int64Vectors(vectors)
    case (.doubleVectors(var vectors), .doubleVectors(let more)):
      self = .int64([])
      try vectors.append(contentsOf: more)
      self = .doubleVectors(vectors)
    default: throw Self.mismatch(other.kind, after: kind)
    }
  }

  /// The error for values of one kind that follow values of another.
  package static func mismatch(_ kind: Kind, after known: Kind) -> StoreError {
    StoreError(.invalidArgument, "\(kind.rawValue) values do not fit a column of \(known.rawValue)")
  }

  /// The same numbers as vectors.
  ///
  /// - Parameter width: how many of them each image has.
  /// - Throws: ``StoreError/Code/unsupported`` for values that are not single numbers; as
  ///   ``Vectors/init(_:width:)``.
  package func vectors(width: Int) throws(StoreError) -> Column {
    switch self {
    case .int64(let values): return .int64Vectors(try Vectors(values, width: width))
    case .double(let values): return .doubleVectors(try Vectors(values, width: width))
    case .string, .bytes, .int64Vectors, .doubleVectors:
      throw StoreError(.unsupported, "a column cannot have \(width) \(kind.rawValue) values per image")
    }
  }
}
