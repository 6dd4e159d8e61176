/// A store with other labels, or none.
///
///     let store = NPZStore(at: "images.npz").relabelled(with: labels, classNames: ["cat", "dog"])
public struct RelabelledStore: StoreWrapper {
  public let base: any ImageStore
  public let classNames: [String]?
  public let notes: [ReadingNote]
  public let columnNames: [String]
  private let given: ImageLabels

  /// - Parameters:
  ///   - given: the labels instead of those of `base`, and columns besides its own, in the place of those of the same names.
  ///   - notes: what is to be said besides what `base` says.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image, or a value of each column.
  package init(
    _ base: any ImageStore, _ given: ImageLabels, classNames: [String]? = nil, notes: [ReadingNote] = []
  ) throws(StoreError) {
    try given.validate(count: base.count)
    self.base = base
    self.given = given
    self.classNames = classNames
    self.notes = base.notes + notes
    columnNames = Set(base.columnNames).union(given.columns.keys).sorted()
  }

  public func labels() throws(StoreError) -> [Int]? { given.labels }

  public func column(_ name: String) throws(StoreError) -> Column {
    if let column = given.columns[name] { column } else { try base.column(name) }
  }
}

extension ImageStore {
  /// This store with other labels.
  ///
  /// - Parameters:
  ///   - labels: one label per image, or nil for none.
  ///   - classNames: the names of the classes that labels count from 0, if known.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image.
  public func relabelled(
    with labels: [Int]?, classNames: [String]? = nil
  ) throws(StoreError) -> RelabelledStore {
    try RelabelledStore(self, ImageLabels(labels: labels), classNames: classNames)
  }
}
