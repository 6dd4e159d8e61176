import ImageStoreCore
import NumPyFormat
import StoreIO

extension ArchiveWriter {
  /// Writes labels, columns, class names and the directory, and synchronises the file with the disk.
  func complete() throws(StoreError) {
    let oldNames = target.old?.store.classNames
    if target.old != nil, entries.isEmpty, classNames == nil || classNames == oldNames { return }
    var written: [(name: String, entry: ZipWrittenEntry)] = []
    if let labels = annotations.labels {
      let name = NPZContents.labelsEntry
      written.append((name, try write(Column.int64(labels.map(Int64.init)).npyBytes(), name: name)))
    }
    for (column, values) in annotations.columns.sorted(by: { $0.key < $1.key }) {
      let name = "\(NPZContents.columnPrefix)\(column).npy"
      do throws(StoreError) {
        written.append((name, try write(values.npyBytes(), name: name)))
      } catch {
        throw error.at(key: column)
      }
    }
    if let classNames, classNames != oldNames {
      let name = NPZContents.classNamesEntry
      written.append((name, try write(Column.string(classNames).npyBytes(), name: name)))
    }
    try writeDirectory(others: written)
  }

  private func writeDirectory(
    others: [(name: String, entry: ZipWrittenEntry)]
  ) throws(StoreError) {
    try flush()
    let start = offset
    var count = 0
    let first = firstIndex - entries.count
    let replaced = Set(others.map(\.name))
    // Entries that were there stay as they are, images first; only what was written anew replaces them.
    if let old = target.old?.store.archive {
      try copyRecords(of: old, count: &count) { $0.number != nil }
    }
    for (position, entry) in entries.enumerated() {
      ZipFormat.appendRecord(of: entry, name: ZipDirectory.name(ofImage: first + position), to: &pending)
      count += 1
      if pending.count >= 1 << 20 { try flush() }
    }
    if let old = target.old?.store.archive {
      try copyRecords(of: old, count: &count) { $0.number == nil && !replaced.contains($0.name) }
    }
    for (name, entry) in others {
      ZipFormat.appendRecord(of: entry, name: name, to: &pending)
      count += 1
    }
    try flush()
    let byteCount = offset - start
    // The end record makes the directory count, so all else is on the disk before it.
    if target.old != nil { try target.file.synchronize() }
    let mark: NPZMark = isMixed ? .mixed : .uniform
    let end = ZipFormat.end(
      entryCount: count, directoryOffset: start, directoryByteCount: byteCount, comment: mark.comment)
    try unsafe target.file.write(end.span.bytes, at: offset)
    try target.file.synchronize()
  }

  /// Copies records of the old directory, in its order.
  private func copyRecords(
    of archive: ZipArchive, count: inout Int, where isCopied: (ZipDirectoryRecord) -> Bool
  ) throws(StoreError) {
    let end = archive.end
    let directory = unsafe archive.file.bytes[
      end.directoryOffset..<end.directoryOffset + end.directoryByteCount]
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: directory)
    var position = 0
    for _ in 0..<end.entryCount {
      let record = try unsafe ZipDirectoryRecord(bytes, at: position, limit: end.directoryOffset)
      if isCopied(record) {
        unsafe pending.append(contentsOf: bytes[position..<position + record.byteCount])
        count += 1
        if pending.count >= 1 << 20 { try flush() }
      }
      position += record.byteCount
    }
  }
}
