internal import ImageStoreCore
internal import ImageStoreSupport

extension FileWriterSession: EditingSession {
  /// `store.json` comes first, with what is true of either `labels.csv`, then the new `labels.csv`: as at the end of an append.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let append, let existing, existing.contents.description != nil else {
      throw StoreError(
        .unsupported, "a folder without store.json, which another program wrote, is not changed in its place",
        remedy: "convert it first")
    }
    let paths = existing.contents.paths
    var table = LabelsTable(layout)
    try table.append(annotations.labels, count: existing.count) { paths.suffix(of: $0) }
    let labels = try table.bytes()
    description.replaceState(
      with: StoreManifest.State(
        labelsCRC32: unsafe CRC32.checksum(of: labels.span.bytes), count: existing.count,
        imageFormat: format.uniform, hasLabels: table.hasLabels, columns: table.columns),
      classNames: annotations.classNames)
    try append.commit([], [], labels: labels, description: description.encoded())
  }
}
