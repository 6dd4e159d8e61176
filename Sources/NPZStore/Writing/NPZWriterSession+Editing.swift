import ImageStoreCore
import ImageStoreSupport

extension NPZWriterSession: EditingSession {
  var existing: NPZStore? { target.old?.store }

  /// Entries with unchanged values keep their places; others are written past the end, as in an
  /// append.
  func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let store = existing, store.archive.end.mark != nil else {
      throw StoreError(
        .unsupported, "another program wrote or changed this archive, so it is not changed in place",
        remedy: "convert it first")
    }
    let known = labels
    labels = try annotations.all(of: store)
    state.replaceClassNames(annotations.classNames)
    if case .entries(let entries) = store.images, store.count > 0, !entries.entry(0).isDeflated {
      encoders = nil
    }
    try writeRecords(besides: known, dropping: droppedEntries(of: store.archive))
  }

  /// The entries of an archive that the edit removes.
  private func droppedEntries(of archive: ZipArchive) -> Set<String> {
    var kept: Set<String> = [NPZContents.shapesEntry]
    if labels.labels != nil { kept.insert(NPZContents.labelsEntry) }
    if state.classNames != nil { kept.insert(NPZContents.classNamesEntry) }
    for (column, values) in labels.columns {
      let name = existing?.entryName(ofColumn: column) ?? NPZContents.entry(ofColumn: column)
      kept.insert(name)
      if values.kind == .bytes {
        kept.insert(NPZContents.offsetsPrefix + name.dropFirst(NPZContents.columnPrefix.count))
      }
    }
    return Set(archive.directory.named.map(\.name).filter { NPZContents.isOwnName($0) && !kept.contains($0) })
  }
}
