/// What is said of a run of images besides their pixels: labels and columns.
public struct Annotations: Sendable, Hashable {
  /// One label an image, or nil where images have none.
  public var labels: [Int]?
  /// Further columns under their names, one value an image.
  public var columns: [String: Column]

  /// Creates annotations; ``validate(count:)`` checks that they are as many as the images.
  public init(labels: [Int]? = nil, columns: [String: Column] = [:]) {
    self.labels = labels
    self.columns = columns
  }

  /// Checks that there is one value for each of `count` images, and that every name can be a column's.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument``.
  public func validate(count: Int) throws(StoreError) {
    if let labels, labels.count != count {
      throw StoreError(.invalidArgument, "\(labels.count) labels for \(count) images")
    }
    for (name, column) in columns {
      try Column.validate(name: name)
      guard column.count == count else {
        throw StoreError(.invalidArgument, "\(column.count) values for \(count) images", key: name)
      }
    }
  }

  /// Appends the annotations of further images.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` where one side has labels or a column that the
  ///   other has not.
  public mutating func append(_ other: Annotations) throws(StoreError) {
    guard (labels == nil) == (other.labels == nil) else {
      throw StoreError(
        .invalidArgument, "some images have a label and some have none",
        remedy: "give every image a label or none")
    }
    guard columns.count == other.columns.count else {
      throw StoreError(
        .invalidArgument,
        "columns \(other.columns.keys.sorted()) follow columns \(columns.keys.sorted())",
        remedy: "give every image the same columns")
    }
    labels?.append(contentsOf: other.labels ?? [])
    for (name, column) in other.columns {
      guard columns[name] != nil else {
        throw StoreError(
          .invalidArgument, "a column the images before did not have",
          remedy: "give every image the same columns", key: name)
      }
      do throws(StoreError) {
        try columns[name]!.append(column)
      } catch {
        throw error.at(key: name)
      }
    }
  }
}
