import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ArchiveWriter {
  /// Writes labels, columns, class names and the directory, and commits.
  func complete() throws(StoreError) {
    let oldNames = target.old?.store.classNames
    if target.old != nil, entries.isEmpty, classNames == nil || classNames == oldNames {
      return target.leave()
    }
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

  /// Writes the directory and commits.
  ///
  /// The end record makes the directory count, and has to come to the disk whole or not at all: it lies within one sector, and
  /// the directory begins where that comes out so, behind zeros. In the record's place are zeros at first, so that
  /// writing it takes no room on the disk and does not make the file longer. What a comment of somebody else has past the
  /// sector is there before, too.
  private func writeDirectory(
    others: [(name: String, entry: ZipWrittenEntry)]
  ) throws(StoreError) {
    try flush()
    let plan = DirectoryPlan(
      old: target.old?.store.archive, images: entries, first: firstIndex - entries.count, others: others)
    let start = ZipFormat.directoryStart(
      notBefore: offset, byteCount: plan.byteCount, entryCount: plan.entryCount,
      commentByteCount: ArchiveComment.mostMarkBytes)
    pending += repeatElement(0, count: start - offset)
    try flush()
    var checksum = CRC32()
    try plan.write(to: &pending) { (pending) throws(StoreError) in
      guard pending.count >= 1 << 20 else { return }
      unsafe checksum.add(pending.span.bytes)
      try unsafe emit(pending.span.bytes)
      pending.removeAll(keepingCapacity: true)
    }
    unsafe checksum.add(pending.span.bytes)
    let comment = ArchiveComment(
      mark: isMixed ? .mixed : .uniform,
      seal: ArchiveComment.Seal(checksum: checksum.value, directory: start..<start + plan.byteCount),
      other: target.old?.store.archive.end.comment.other ?? [])
    let end = ZipFormat.end(
      entryCount: plan.entryCount, directoryOffset: start, directoryByteCount: plan.byteCount,
      comment: comment.markBytes + comment.otherBytes)
    let record = Array(end.dropLast(comment.otherBytes.count))
    pending += repeatElement(0, count: record.count)
    pending += comment.otherBytes
    try flush()
    try target.commit(record, at: start + plan.byteCount)
  }
}
