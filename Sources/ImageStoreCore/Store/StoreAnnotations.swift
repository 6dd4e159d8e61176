/// What is said of the images of a store besides their pixels: labels, columns and class names, as an edit replaces them.
package struct StoreAnnotations: Sendable, Hashable {
  package var labels: ImageLabels
  package var classNames: [String]?

  /// Those of a store.
  package init(of store: any ImageStore) throws(StoreError) {
    labels = ImageLabels(labels: try store.labels())
    for name in store.columnNames { labels.columns[name] = try store.column(name) }
    classNames = store.classNames
  }

  /// What a view says of the images of a store, if all it does is say other things of them.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the images of the view are others, or in another order.
  package init(
    of view: any ImageStore, over store: some ImageStore & AnyObject
  ) throws(StoreError) {
    var base: any ImageStore = view
    while let annotated = base as? AnnotatedStore { base = annotated.base }
    guard (base as AnyObject) === store else {
      throw StoreError(
        .invalidArgument, "an edit whose images are not those of the store in their order",
        remedy: "return what relabeled, withColumns, withoutColumns or renamingClasses make of the store, "
          + "remove images by remove(_:from:), and write others to a new store")
    }
    try self.init(of: view)
  }
}
