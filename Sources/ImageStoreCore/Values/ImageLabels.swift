/// The labels and columns of some images.
///
/// Writers take them with each run of images. A store has one label per image or no labels, and the
/// same columns for all images.
public struct ImageLabels: Sendable, Hashable {
  /// One label per image, or nil if the images have none.
  public var labels: [Int]?
  /// Further columns under their names, with one value per image.
  public var columns: [String: Column]

  /// Puts labels and columns together; ``validate(count:)`` checks that they are as many as the images.
  public init(labels: [Int]? = nil, columns: [String: Column] = [:]) {
    self.labels = labels
    self.columns = columns
  }

  /// Checks that there is one value for each of `count` images, and that every name is valid for a column.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument``.
  public func validate(count: Int) throws(StoreError) {
    if let labels, labels.count != count {
      throw StoreError(.invalidArgument, "\(labels.count) labels for \(count) images")
    }
    for (name, column) in columns {
      try Column.validate(name: name)
      do throws(StoreError) {
        try column.validate()
      } catch {
        throw error.at(key: name)
      }
      guard column.count == count else {
        throw StoreError(.invalidArgument, "\(column.count) values for \(count) images", key: name)
      }
    }
  }

  /// Appends the labels and columns of further images.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if one side has labels or a column that the
  ///   other does not have.
  public mutating func append(_ other: ImageLabels) throws(StoreError) {
    try ImageLabels.checkAgreement(
      hasLabels: labels != nil, columns: columns.mapValues(\.kind), with: other)
    labels?.append(contentsOf: other.labels ?? [])
    for (name, column) in other.columns {
      do throws(StoreError) {
        try columns[name]?.append(column)
      } catch {
        throw error.at(key: name)
      }
    }
  }

  /// Checks that further images have labels if the earlier ones have, and the same columns of the
  /// same kinds.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument``, naming the column.
  package static func checkAgreement(
    hasLabels: Bool, columns: [String: Column.Kind], with other: ImageLabels
  ) throws(StoreError) {
    guard hasLabels == (other.labels != nil) else {
      throw StoreError(
        .invalidArgument, "some images have a label and some have none",
        remedy: "give every image a label or none")
    }
    guard columns.count == other.columns.count else {
      throw StoreError(
        .invalidArgument,
        "images with the columns \(other.columns.keys.sorted()) follow images with the columns \(columns.keys.sorted())",
        remedy: "give every image the same columns")
    }
    for (name, column) in other.columns {
      guard let kind = columns[name] else {
        throw StoreError(
          .invalidArgument, "the images before this one do not have this column",
          remedy: "give every image the same columns", key: name)
      }
      guard kind == column.kind else { throw Column.mismatch(column.kind, after: kind).at(key: name) }
    }
  }
}
