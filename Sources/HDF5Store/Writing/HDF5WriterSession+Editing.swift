import ImageStoreCore
import ImageStoreSupport

extension HDF5WriterSession: EditingSession {
  /// The file is written again, and its images are copied as in an append. Values keep their type
  /// in the file as long as it can hold them.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let existing else { throw StoreError(.notFound, "there is no file to change") }
    let changed = try annotations.all(of: existing)
    try changed.checkStrings()
    try forms.adapt(to: changed, from: existing)
    if annotations.classNames != existing.classNames { forms.classNames = nil }
    try takeOver(existing)
    labels = changed
    state.replaceClassNames(annotations.classNames)
    try complete()
  }
}

extension ValueForms {
  /// Drops the types of values whose kind has changed, or that the types cannot hold.
  fileprivate mutating func adapt(to new: ImageLabels, from old: HDF5Store) throws(StoreError) {
    for (name, column) in new.columns where columns[name] != nil {
      if try column.kind != old.column(name).kind || !holds(ImageLabels(columns: [name: column])) {
        columns[name] = nil
      }
    }
    if !holds(ImageLabels(labels: new.labels)) { labels = nil }
  }

  private func holds(_ values: ImageLabels) -> Bool {
    do throws(StoreError) {
      try check(values)
      return true
    } catch {
      return false
    }
  }
}
