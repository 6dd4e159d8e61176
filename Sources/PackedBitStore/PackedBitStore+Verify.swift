public import ImageStoreCore
import StoreIO

extension PackedBitStore {
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyAnnotations()
    let step = 4096
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      try verify(Array(start..<end).span)
      progress(end)
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    guard let layout, indices.count > 0, let checksums = try checksums() else { return }
    try Workers.performRuns(of: indices.count, minimum: 1, threads: threads) { (run) throws(StoreError) in
      for position in run {
        let index = indices[position]
        let mask = unsafe UnsafeRawBufferPointer(
          start: masks.base + index * layout.byteCount, count: layout.byteCount)
        let found = unsafe CRC32.checksum(of: mask)
        guard checksums[index] != Int(found) else { continue }
        throw StoreError(
          .corrupt,
          "the mask is damaged: its CRC-32 is \(String(found, radix: 16)), not \(String(checksums[index], radix: 16))",
          remedy: "write the store again", path: masks.map.path, image: index)
      }
    }
  }

  /// Checks labels, columns and class names against what `format.json` has of them.
  private func verifyAnnotations() throws(StoreError) {
    guard isDescriptionIntact else {
      throw StoreError(
        .corrupt, "the file does not agree with its checksum",
        remedy: "restore it, or remove its crc32 if it was changed on purpose",
        path: "\(path)/\(PackedBitDescription.fileName)")
    }
    var annotations = Annotations(labels: try labels())
    for name in columnNames { annotations.columns[name] = try column(name) }
    guard let state else {
      guard isDescriptionOwn else { return }
      throw StoreError(
        .corrupt, "\(count) masks, of which format.json knows nothing", remedy: "write the store again",
        path: masks.map.path)
    }
    let found = Self.checksums(of: annotations)
    for name in Set(state.checksums.keys).union(found.keys).sorted()
    where state.checksums[name] != found[name] {
      throw StoreError(
        .corrupt, "its values do not agree with their checksum", remedy: "write the store again",
        path: "\(path)/\(name).npy")
    }
  }

  /// The CRC-32 of labels and columns, by the names of their files.
  static func checksums(of annotations: Annotations) -> [String: UInt32] {
    var checksums: [String: UInt32] = [:]
    if let labels = annotations.labels { checksums["labels"] = CRC32.checksum(of: labels) }
    for (name, column) in annotations.columns {
      checksums["\(columnsFolder)/\(name)"] = CRC32.checksum(of: column)
    }
    return checksums
  }
}
