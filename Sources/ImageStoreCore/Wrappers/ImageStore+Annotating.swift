// Other labels and columns for the images there are.

extension ImageStore {
  /// This store with the label that a closure gives each image.
  ///
  ///     let binary = try store.relabeled { try $0.number("score") > 0.5 ? 1 : 0 }
  ///
  /// - Parameter label: called once per image, now.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a new label without a name in a store with
  ///   class names; what `label` throws.
  public func relabeled(_ label: (ImageAnnotation) throws -> Int) throws -> AnnotatedStore {
    try relabeled(with: try Annotations.map(self, label))
  }

  /// This store with other labels of some images.
  ///
  ///     let corrected = try store.relabeled(images: [17: 3, 98: 0])
  ///
  /// - Parameter corrections: the new labels of images by their indices; all other images keep
  ///   theirs.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/invalidArgument`` if the
  ///   store has no labels, and for a label that has no name while classes have.
  public func relabeled(images corrections: [Int: Int]) throws(StoreError) -> AnnotatedStore {
    var labels = try existingLabels(or: "give every image one, by relabeled(with:)")
    for index in corrections.keys.sorted() {
      guard labels.indices.contains(index), let label = corrections[index] else {
        throw .indexOutOfRange(index, count: count)
      }
      labels[index] = label
    }
    return try relabeled(with: labels)
  }

  /// This store with some labels replaced by others.
  ///
  ///     let vehicles = try store.relabeled(labels: [9: 1, 8: 1])
  ///
  /// - Parameter table: the new label by the old one; labels that are not in it stay.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the store has no labels, and for a label that
  ///   has no name while classes have.
  public func relabeled(labels table: [Int: Int]) throws(StoreError) -> AnnotatedStore {
    let labels = try existingLabels(or: "give every image one, by relabeled(with:)")
    return try relabeled(with: labels.map { table[$0] ?? $0 })
  }

  /// This store with other labels, of the classes it has.
  ///
  /// - Parameter labels: one label per image.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image, and for a
  ///   label that has no name while classes have, unless the image had it before; labels below 0
  ///   stand for no class.
  public func relabeled(with labels: [Int]) throws(StoreError) -> AnnotatedStore {
    if let names = classNames, labels.count == count {
      let before = try checkedLabels()
      for (index, label) in labels.enumerated() where label >= names.count && label != before?[index] {
        throw StoreError(
          .invalidArgument, "the label \(label) has no name among the \(names.count) class names",
          remedy: "give all names with relabeled(with:classNames:)", image: index)
      }
    }
    return try AnnotatedStore(self, labels: .given(labels), classNames: classNames)
  }

  /// This store with other labels of other classes, or without labels.
  ///
  /// - Parameters:
  ///   - labels: one label per image, or nil for none.
  ///   - classNames: the names of the classes that labels count from 0, or nil if they have none.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image.
  public func relabeled(with labels: [Int]?, classNames: [String]?) throws(StoreError) -> AnnotatedStore {
    try AnnotatedStore(self, labels: .given(labels), classNames: classNames)
  }

  /// This store with further columns, or others in the place of those of the same names.
  ///
  /// - Parameter columns: columns by their names, with one value per image.
  /// - Throws: ``StoreError/Code/invalidArgument`` if a column does not have one value per image,
  ///   and for a name that no column can have.
  public func withColumns(_ columns: [String: Column]) throws(StoreError) -> AnnotatedStore {
    try AnnotatedStore(self, classNames: classNames, columns: columns)
  }

  /// This store without some of its columns.
  ///
  /// - Throws: ``StoreError/Code/notFound`` for a column that it does not have.
  public func withoutColumns(_ names: String...) throws(StoreError) -> AnnotatedStore {
    for name in names where !columnNames.contains(name) { throw .noColumn(name, among: columnNames) }
    return try AnnotatedStore(self, classNames: classNames, leavingOut: Set(names))
  }
}
