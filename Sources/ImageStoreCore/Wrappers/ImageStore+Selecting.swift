// Selecting and sorting the images of a store by their labels and columns.

extension ImageStore {
  /// The images for which a closure returns true, in their order.
  ///
  ///     let night = try store.filtered { try $0.number("hour") >= 20 }
  ///
  /// - Parameter isIncluded: called once per image, now.
  /// - Throws: what reading labels throws, and what `isIncluded` does.
  public func filtered(_ isIncluded: (ImageAnnotation) throws -> Bool) throws -> SubsetStore {
    try subset(indices(where: try Annotations.map(self, isIncluded)))
  }

  /// The images of some labels, in their order; labels stay as they are. `keepingClasses(_:)`
  /// counts them from 0.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the store has no labels.
  public func filtered(labels kept: some Sequence<Int>) throws(StoreError) -> SubsetStore {
    let (kept, labels) = (Set(kept), try existingLabels(or: "choose images by a column or their indices"))
    return try subset(indices(where: labels.map { kept.contains($0) }))
  }

  /// The images of some classes, in their order; labels and class names stay as they are.
  /// `keepingClasses(_:)` leaves out the names of the others.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a class that does not exist, and if the
  ///   store has no labels.
  public func filtered(classes names: [String]) throws(StoreError) -> SubsetStore {
    var numbers: Set<Int> = []
    for name in names { numbers.insert(try classNumber(of: name)) }
    return try filtered(labels: numbers)
  }

  /// The images that have one of some values in a column, in their order.
  ///
  ///     let train = try store.filtered(column: "part", in: ["train", "extra"])
  ///
  /// - Throws: ``StoreError/Code/notFound`` for a column that does not exist;
  ///   ``StoreError/Code/invalidArgument`` for a value of another kind than the column's. Whole
  ///   numbers can be given for floating-point columns.
  public func filtered(column name: String, in values: [Column.Value]) throws(StoreError) -> SubsetStore {
    let column = try checkedColumn(name)
    var kept: Set<Column.Value> = []
    for value in values {
      var value = value
      switch (column, value) {
      case (.double, .int64(let number)): value = .double(Double(number))
      case (.doubleVectors, .int64Vector(let numbers)): value = .doubleVector(numbers.map(Double.init))
      default: break
      }
      let kind = Column(value).kind
      guard kind == column.kind else {
        throw StoreError(
          .invalidArgument,
          "a \(kind.rawValue) value was looked for in a column of \(column.kind.rawValue)",
          key: name)
      }
      kept.insert(value)
    }
    return try subset(indices(where: (0..<count).map { kept.contains(column[$0]) }))
  }

  /// The same images sorted by label or by the values of a column; images with equal values keep
  /// their order.
  ///
  ///     let fewestFirst = try store.sorted(by: .column("height"))
  ///
  /// - Parameters:
  ///   - key: what to sort by. Text is sorted as Swift sorts strings, bytes and vectors by the
  ///     first element in which they differ; NaN comes last.
  ///   - descending: whether the largest comes first.
  /// - Throws: ``StoreError/Code/notFound`` for a column that does not exist;
  ///   ``StoreError/Code/invalidArgument`` if there are no labels.
  public func sorted(by key: ImageSortKey, descending: Bool = false) throws(StoreError) -> SubsetStore {
    switch key {
    case .label:
      let labels = try existingLabels(or: "sort by a column")
      return try subset(order(labels, descending: descending, <))
    case .column(let name):
      let order =
        switch try checkedColumn(name) {
        case .int64(let values): order(values, descending: descending, <)
        case .double(let values): order(values, descending: descending, <, isLast: \.isNaN)
        case .string(let values): order(values, descending: descending, <)
        case .bytes(let values): order(values, descending: descending) { $0.lexicographicallyPrecedes($1) }
        case .int64Vectors(let vectors):
          order(vectors, descending: descending) { $0.lexicographicallyPrecedes($1) }
        case .doubleVectors(let vectors):
          order(
            vectors, descending: descending, { $0.lexicographicallyPrecedes($1) },
            isLast: { $0.contains(where: \.isNaN) })
        }
      return try subset(order)
    }
  }

  private func indices(where isIncluded: [Bool]) -> [Int] {
    isIncluded.indices.filter { isIncluded[$0] }
  }

  /// The indices of values in their order; equal ones by rising index.
  private func order<Values: RandomAccessCollection<Element>, Element>(
    _ values: Values, descending: Bool, _ precedes: (Element, Element) -> Bool,
    isLast: (Element) -> Bool = { _ in false }
  ) -> [Int] where Values.Index == Int {
    let (numbers, last) = (
      values.indices.filter { !isLast(values[$0]) }, values.indices.filter { isLast(values[$0]) }
    )
    return numbers.sorted { first, second in
      let (a, b) = descending ? (values[second], values[first]) : (values[first], values[second])
      return precedes(a, b) || (!precedes(b, a) && first < second)
    } + last
  }
}

/// The key that images are sorted by.
public enum ImageSortKey: Sendable, Hashable {
  /// Their labels.
  case label
  /// Their values of the column of this name.
  case column(String)
}
