/// The labels, columns and class names that an edit gives to the images of a store.
package struct StoreAnnotations: Sendable {
  package let labels: [Int]?
  package let classNames: [String]?
  /// The columns that are new or have other values.
  package let newColumns: [String: Column]
  /// The columns of the store that stay as they are.
  package let keptColumns: Set<String>

  /// The labels, columns and class names of a view of a store that changes nothing else; nil if
  /// they are those of the store.
  ///
  /// Columns that stay are not read.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the images of the view are others, or in another order.
  package init?(
    of view: any ImageStore, over store: some ImageStore & AnyObject
  ) throws(StoreError) {
    var layers: [AnnotatedStore] = []
    var base: any ImageStore = view
    while let annotated = base as? AnnotatedStore {
      layers.append(annotated)
      base = annotated.base
    }
    guard (base as AnyObject) === store else {
      throw StoreError(
        .invalidArgument, "the edited images are not the store's images in their order",
        remedy:
          "return the store with relabeled, withColumns, withoutColumns or renamingClasses applied to it, "
          + "remove images with remove(_:from:), and write other images to a new store")
    }
    var (new, kept): ([String: Column], Set<String>) = ([:], [])
    for name in view.columnNames {
      if let column = layers.lazy.compactMap({ $0.givenColumns[name] }).first {
        new[name] = column
      } else {
        kept.insert(name)
      }
    }
    labels = try view.labels()
    classNames = view.classNames
    newColumns = new
    keptColumns = kept
    let isSame = new.isEmpty && kept.count == store.columnNames.count && classNames == store.classNames
    if isSame, try labels == store.labels() { return nil }
  }

  /// All labels and columns, including those that stay.
  package func all(of store: some ImageStore) throws(StoreError) -> ImageLabels {
    var all = ImageLabels(labels: labels, columns: newColumns)
    for name in keptColumns { all.columns[name] = try store.column(name) }
    return all
  }
}
