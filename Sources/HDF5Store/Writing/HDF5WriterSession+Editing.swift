import ImageStoreCore
import ImageStoreSupport

extension HDF5WriterSession: EditingSession {
  /// The file is written anew, with its images as an append takes them over. Values keep the type that they have in the file as long as it
  /// has room for them.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let existing else { throw StoreError(.notFound, "there is no file to change") }
    try annotations.labels.checkStrings()
    try forms.adapt(to: annotations, from: StoreAnnotations(of: existing))
    try takeOver(existing)
    labels = annotations.labels
    state.replaceClassNames(annotations.classNames)
    try complete()
  }
}

extension ValueForms {
  /// Forgets the types of values that have another kind than before, or that they have no room for.
  fileprivate mutating func adapt(
    to new: StoreAnnotations, from old: StoreAnnotations
  ) throws(StoreError) {
    for (name, column) in new.labels.columns where column != old.labels.columns[name] {
      if column.kind != old.labels.columns[name]?.kind || !holds(ImageLabels(columns: [name: column])) {
        columns[name] = nil
      }
    }
    if !holds(ImageLabels(labels: new.labels.labels)) { labels = nil }
    if new.classNames != old.classNames { classNames = nil }
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
