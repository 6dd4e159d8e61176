internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

extension LMDBStore {
  func readLabels(_ parts: RecordParts) throws(StoreError) -> [Int] {
    var labels: [Int] = []
    try unsafe parts.forEach(of: count, in: contents.file) { (_, header, data) throws(StoreError) in
      let more = try unsafe header.integers(in: data)
      if labels.isEmpty { labels = more } else { labels += more }
    }
    return labels
  }

  func readColumn(_ parts: RecordParts) throws(StoreError) -> Column {
    var column: Column?
    try unsafe parts.forEach(of: count, in: contents.file) { (_, header, data) throws(StoreError) in
      let more = try unsafe header.column(in: data)
      // The first is taken as it is, since it says of which kind the column is.
      if column == nil { column = more } else { try column!.append(more) }
    }
    guard let column else {
      throw StoreError(.corrupt, "a column without values", path: path, key: parts.name)
    }
    return column
  }

  /// Of which kind a column's values are.
  func columnKind(_ name: String) throws(StoreError) -> Column.Kind {
    guard case .records(let records) = contents.annotations,
      let part = records.parts[StoreKey.column(name)]?.parts.first
    else { throw .noColumn(name, among: columnNames).at(path: path) }
    do throws(StoreError) {
      return try unsafe part.place.withBytes(of: contents.file) { (bytes) throws(StoreError) in
        let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
        // No values of it are needed, but their number is checked.
        _ = try unsafe header.data(in: bytes)
        return switch header.type.kind {
        case .floatingPoint: .double
        case .unicode, .bytes: .string
        case .bool, .signedInteger, .unsignedInteger: .int64
        }
      }
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  /// The checksum of each image's pixels.
  func checksums(_ records: StoreRecords) throws(StoreError) -> [UInt32] {
    try cachedChecksums.value { () throws(StoreError) in
      let name = StoreKey.checksum(of: StoreKey.images)
      let parts = records.parts[name] ?? RecordParts(name: name)
      return try readingUnchanged { () throws(StoreError) in
        var checksums: [UInt32] = []
        try unsafe parts.forEach(of: count, in: contents.file) { (_, header, data) throws(StoreError) in
          guard header.type == NPYType(.unsignedInteger, byteCount: 4) else {
            throw StoreError(.corrupt, "checksums of the type '\(header.type.description)'")
          }
          checksums += try unsafe header.integers(in: data).map { UInt32(truncatingIfNeeded: $0) }
        }
        return checksums
      }
    }
  }
}
