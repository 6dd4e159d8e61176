internal import ImageStoreCore
internal import ImageStoreSupport

extension FileWriterSession: EditingSession {
  /// `store.json` is written first, with the states of both versions of `labels.csv`, then the new
  /// `labels.csv`, as at the end of an append.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let append, let existing, existing.contents.description != nil else {
      throw StoreError(
        .unsupported,
        "another program wrote this folder (it has no store.json), so it is not changed in place",
        remedy: "convert it first")
    }
    let hasSameColumns =
      annotations.newColumns.isEmpty && annotations.keptColumns.count == existing.columnNames.count
    let memory = hasSameColumns ? try existing.contents.table?.contents() : nil
    if memory == nil || !table.relabel(with: annotations.labels, in: memory!) {
      let paths = existing.contents.paths
      table = LabelsTable(layout)
      try table.append(annotations.all(of: existing), count: existing.count) { paths.suffix(of: $0) }
    }
    let labels = try table.bytes()
    description.add(
      StoreManifest.State(
        labelsCRC32: unsafe CRC32.checksum(of: labels.span.bytes), count: existing.count,
        imageFormat: format.uniform, hasLabels: table.hasLabels, columns: table.columns),
      classNames: annotations.classNames)
    try append.commit([], [], labels: labels, description: description.encoded())
  }
}

extension LabelsTable {
  /// Writes other labels, and leaves everything else as it is.
  ///
  /// - Parameter memory: the existing lines.
  /// - Returns: false, with nothing changed, if that is not possible because labels are added or
  ///   removed, or are not written as numbers.
  fileprivate mutating func relabel(with labels: [Int]?, in memory: PixelMemory) -> Bool {
    guard let labels, hasLabels, labels.count == count, let field = labelField else { return false }
    do throws(StoreError) {
      let old = [UInt8](copying: memory.span)
      var new: [UInt8] = []
      new.reserveCapacity(old.count + 64)
      var copied = 0
      var reader = CSVReader(memory, path: "")
      var fields: [CSVField] = []
      _ = try reader.next(&fields, atMost: .max)
      for label in labels {
        guard try reader.next(&fields, atMost: .max), fields.indices.contains(field),
          let before = Int(String(decoding: old[fields[field].range], as: UTF8.self))
        else { return false }
        let range = fields[field].range
        guard before != label else { continue }
        new += old[copied..<range.lowerBound]
        new += String(label).utf8
        copied = range.upperBound
      }
      guard try !reader.next(&fields, atMost: .max) else { return false }
      new += old[copied...]
      text = CSVText(new)
      return true
    } catch {
      return false
    }
  }
}
