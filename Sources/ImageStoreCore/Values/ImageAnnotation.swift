/// The annotation of one image: its label, the name of its class, and its values in the columns.
///
///     let cats = try store.filtered { try $0.className == "cat" && $0.number("hour") > 20 }
///     let fixed = try store.relabeled { try $0["name"] == "dog7.png" ? 1 : $0.label! }
public struct ImageAnnotation {
  /// The index of the image.
  public let index: Int
  private let all: Annotations

  init(_ index: Int, of all: Annotations) {
    self.index = index
    self.all = all
  }

  /// The label, or nil if the store has none.
  public var label: Int? { all.labels?[index] }

  /// The name of the label's class; nil if the store has no class names, or none for this label.
  public var className: String? {
    guard let label, let names = all.classNames, names.indices.contains(label) else { return nil }
    return names[label]
  }

  /// The value of a column.
  ///
  /// - Throws: ``StoreError/Code/notFound`` if the store has no such column, and what reading it throws.
  public subscript(column: String) -> Column.Value {
    get throws(StoreError) { try all.column(column)[index] }
  }

  /// The number that a column has.
  ///
  /// - Throws: as the subscript; ``StoreError/Code/invalidArgument`` for a column that does not
  ///   have numbers.
  public func number(_ column: String) throws(StoreError) -> Double {
    switch try self[column] {
    case .int64(let value): return Double(value)
    case .double(let value): return value
    case .string, .bytes, .int64Vector, .doubleVector: throw try isOther(column, than: "a number")
    }
  }

  /// The text that a column has.
  ///
  /// - Throws: as the subscript; ``StoreError/Code/invalidArgument`` for a column that does not
  ///   have text.
  public func text(_ column: String) throws(StoreError) -> String {
    guard case .string(let text) = try self[column] else { throw try isOther(column, than: "text") }
    return text
  }

  private func isOther(_ column: String, than asked: String) throws(StoreError) -> StoreError {
    StoreError(
      .invalidArgument,
      "the column has \(try all.column(column).kind.rawValue) values, but \(asked) was asked for",
      key: column)
  }
}

/// The labels and columns that annotations are lent from; a column is read when it is first asked for.
final class Annotations {
  let labels: [Int]?
  let classNames: [String]?
  private let store: any ImageStore
  private var columns: [String: Column] = [:]

  init(of store: any ImageStore) throws(StoreError) {
    self.store = store
    labels = try store.checkedLabels()
    classNames = store.classNames
  }

  func column(_ name: String) throws(StoreError) -> Column {
    if let column = columns[name] { return column }
    let column = try store.checkedColumn(name)
    columns[name] = column
    return column
  }

  /// The results of a closure for each image.
  static func map<Result>(
    _ store: any ImageStore, _ body: (ImageAnnotation) throws -> Result
  ) throws -> [Result] {
    let all = try Annotations(of: store)
    return try (0..<store.count).map { try body(ImageAnnotation($0, of: all)) }
  }
}

extension ImageStore {
  /// The labels, checked to be one per image.
  func checkedLabels() throws(StoreError) -> [Int]? {
    let labels = try labels()
    guard let labels, labels.count != count else { return labels }
    throw StoreError(.corrupt, "\(labels.count) labels for \(count) images")
  }

  /// The labels of a store that must have labels.
  ///
  /// - Parameter remedy: what to do if it has none.
  func existingLabels(or remedy: String) throws(StoreError) -> [Int] {
    guard let labels = try checkedLabels() else {
      throw StoreError(.invalidArgument, "the store has no labels", remedy: remedy)
    }
    return labels
  }

  /// A column, checked to have one value per image.
  func checkedColumn(_ name: String) throws(StoreError) -> Column {
    guard columnNames.contains(name) else { throw .noColumn(name, among: columnNames) }
    let column = try column(name)
    guard column.count == count else {
      throw StoreError(.corrupt, "\(column.count) values for \(count) images", key: name)
    }
    return column
  }
}

extension Column {
  /// The value of one image.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public subscript(index: Int) -> Value {
    switch self {
    case .int64(let values): .int64(values[index])
    case .double(let values): .double(values[index])
    case .string(let values): .string(values[index])
    case .bytes(let values): .bytes(Array(values[index]))
    case .int64Vectors(let vectors): .int64Vector(Array(vectors[index]))
    case .doubleVectors(let vectors): .doubleVector(Array(vectors[index]))
    }
  }
}
