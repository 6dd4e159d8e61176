/// A store with other labels, class names or columns, whose pixels stay as they are and where they
/// are.
///
///     let images = try NPZStore(at: "images.npz").relabeled(with: labels, classNames: ["cat", "dog"])
///     let corrected = try images.relabeled(images: [17: 1, 98: 0]).withColumns(["night": .int64(night)])
///
/// ``ImageStore/relabeled(_:)``, ``ImageStore/withColumns(_:)``, ``ImageStore/renamingClasses(_:)``
/// and similar methods make such stores. The new labels, names and columns are in memory;
/// everything else is read from ``base`` when it is asked for.
public struct AnnotatedStore: StoreWrapper {
  /// Where the labels are from.
  enum Labels {
    /// From the store underneath.
    case ofBase
    /// One per image, or none at all.
    case given([Int]?)
  }

  public let base: any ImageStore
  public let classNames: [String]?
  public let notes: [ReadingNote]
  public let columnNames: [String]
  private let givenLabels: Labels
  /// The columns that are not those of ``base``.
  let givenColumns: [String: Column]

  /// - Parameters:
  ///   - labels: the labels; nil within them for none.
  ///   - classNames: the names of the classes.
  ///   - columns: further columns; they replace columns of `base` with the same names.
  ///   - leftOut: the columns of `base` to leave out.
  ///   - notes: further notes, in addition to those of `base`.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image, or one
  ///   value per image in each column.
  init(
    _ base: any ImageStore, labels: Labels = .ofBase, classNames: [String]?, columns: [String: Column] = [:],
    leavingOut leftOut: Set<String> = [], notes: [ReadingNote] = []
  ) throws(StoreError) {
    var given = ImageLabels(columns: columns)
    if case .given(let labels) = labels { given.labels = labels }
    try given.validate(count: base.count)
    self.base = base
    self.classNames = classNames
    self.notes = base.notes + notes
    givenLabels = labels
    givenColumns = columns
    columnNames = Set(base.columnNames).subtracting(leftOut).union(columns.keys).sorted()
  }

  public func labels() throws(StoreError) -> [Int]? {
    switch givenLabels {
    case .ofBase: try base.labels()
    case .given(let labels): labels
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    if let column = givenColumns[name] { return column }
    guard columnNames.contains(name) else { throw .noColumn(name, among: columnNames) }
    return try base.column(name)
  }
}

extension ImageStore {
  /// This store without its labels, and with columns that were found elsewhere.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if a column does not have one value per image.
  package func unlabeled(
    columns: [String: Column] = [:], notes: [ReadingNote] = []
  ) throws(StoreError) -> AnnotatedStore {
    try AnnotatedStore(self, labels: .given(nil), classNames: nil, columns: columns, notes: notes)
  }
}
