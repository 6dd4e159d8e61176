import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension PackedBitWriterSession: EditingSession {
  var existing: PackedBitStore? { target.old?.store }

  func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let store = existing, let held = target.held, let old = store.folder, old.description.states != nil
    else {
      throw StoreError(
        .unsupported, "another program wrote this folder, so it is not changed in place",
        remedy: "convert it first")
    }
    guard old.state != nil else {
      throw StoreError(.corrupt, "the store has \(state.countBefore) masks that format.json does not mention")
    }
    let before = labels
    labels = try annotations.all(of: store)
    state.replaceClassNames(annotations.classNames)
    try PackedBitEdit.make(in: held, description(), after: old, files: changedFiles(since: before))
  }

  /// The files of labels and columns that have changed.
  private func changedFiles(since before: ImageLabels) throws(StoreError) -> [(name: String, bytes: [UInt8])]
  {
    var files: [(name: String, bytes: [UInt8])] = []
    if let labels = labels.labels, labels != before.labels {
      files.append((PackedBitContents.labelsName, try Column.int64(labels.map(Int64.init)).npyBytes()))
    }
    for (name, column) in labels.columns.sorted(by: { $0.key < $1.key }) where column != before.columns[name]
    {
      do throws(StoreError) {
        files.append((PackedBitContents.file(ofColumn: name), try column.npyBytes()))
        if let offsets = column.offsetsNPYBytes() {
          files.append((PackedBitContents.file(ofColumn: name, in: PackedBitContents.offsetsFolder), offsets))
        }
      } catch {
        throw error.at(key: name)
      }
    }
    return files
  }
}
