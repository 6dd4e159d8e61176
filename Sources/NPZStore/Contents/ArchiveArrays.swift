import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

// The arrays that entries hold, as numpy saves them.

extension ZipArchive {
  /// The `.npy` header an entry begins with.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the entry is shorter than its header says.
  func header(of entry: ZipEntry, name: String) throws(StoreError) -> NPYHeader {
    do throws(StoreError) {
      var inflater = Inflater(.raw)
      return try header(of: entry, with: &inflater)
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  func header(
    of entry: ZipEntry, with inflater: inout Inflater
  ) throws(StoreError) -> NPYHeader {
    try headerAndBytes(of: entry, with: &inflater).header
  }

  /// The header an entry begins with, and its bytes.
  func headerAndBytes(
    of entry: ZipEntry, with inflater: inout Inflater
  ) throws(StoreError) -> (header: NPYHeader, bytes: [UInt8]) {
    let source = try unsafe compressedBytes(of: entry)
    // Most headers have 128 bytes; a longer one says so at its start.
    var prefix = try unsafe Self.prefix(of: source, entry, count: 128, with: &inflater)
    let dataOffset = try unsafe NPYHeader.dataOffset(prefix: prefix.span.bytes)
    if dataOffset > prefix.count {
      prefix = try unsafe Self.prefix(of: source, entry, count: dataOffset, with: &inflater)
    }
    let header = try unsafe NPYHeader(parsing: prefix.span.bytes)
    guard header.dataByteCount <= entry.byteCount - header.dataOffset else {
      throw StoreError(
        .corrupt,
        "an array of \(header.dataByteCount) bytes in an entry that has \(entry.byteCount - header.dataOffset)"
      )
    }
    return (header, Array(prefix[..<header.dataOffset]))
  }

  private static func prefix(
    of source: UnsafeRawBufferPointer, _ entry: ZipEntry, count: Int, with inflater: inout Inflater
  ) throws(StoreError) -> [UInt8] {
    let count = min(count, entry.byteCount)
    guard entry.isDeflated else { return unsafe [UInt8](source.prefix(count)) }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe inflater.inflatePrefix(of: source, into: buffer)
    }
    return bytes
  }
}

extension ZipArchive {
  /// The whole numbers of an entry that has one per image, its checksum checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if there are not `count`.
  func labels(of entry: ZipEntry, name: String, count: Int) throws(StoreError) -> [Int] {
    var labels: [Int] = []
    try unsafe forEachPiece(of: entry, name: name) { (header) throws(StoreError) in
      try header.check(count, "labels")
    } body: { (header, data) throws(StoreError) in
      let piece = try unsafe header.integers(in: data)
      if labels.isEmpty { labels = piece } else { labels += piece }
    }
    return labels
  }

  /// The values of an entry that has one per image, its checksum checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if there are not `count`.
  func column(of entry: ZipEntry, name: String, count: Int) throws(StoreError) -> Column {
    try column(of: entry, name: name) { (header) throws(StoreError) in try header.check(count, "values") }
  }

  /// More names than these are not classes.
  static let mostClassNames = 1 << 20

  /// The text of an entry, its checksum checked.
  func classNames(of entry: ZipEntry, name: String) throws(StoreError) -> [String] {
    let column = try column(of: entry, name: name) { (header) throws(StoreError) in
      guard try header.valueCount() <= Self.mostClassNames else {
        throw StoreError(
          .limitExceeded,
          "\(try header.valueCount()) class names where at most \(Self.mostClassNames) are read")
      }
    }
    guard case .string(let names) = column else {
      throw StoreError(.unsupported, "class names that are not text", path: path, key: name)
    }
    return names
  }

  /// All values of an entry, the last axis varying fastest, its checksum checked.
  func allValues(of entry: ZipEntry, name: String) throws(StoreError) -> Column {
    try column(of: entry, name: name) { (_) throws(StoreError) in }
  }

  private func column(
    of entry: ZipEntry, name: String, check: (NPYHeader) throws(StoreError) -> Void
  ) throws(StoreError) -> Column {
    var column: Column?
    var limit = ValueLimit(storedByteCount: file.allocatedByteCount)
    try unsafe forEachPiece(of: entry, name: name, check: check) { (header, data) throws(StoreError) in
      let piece = try unsafe header.column(in: data)
      try limit.count(piece)
      if column == nil { column = piece } else { try column!.append(piece) }
    }
    return column!
  }

  /// Lends the values of an entry, which has one per image, some at a time; checks its checksum before they are lent, or
  /// after the last if it is too large for that.
  ///
  /// - Parameters:
  ///   - check: is given the header before values are lent, and before more than little is inflated.
  ///   - body: is given a header of the values lent, and these.
  private func forEachPiece(
    of entry: ZipEntry, name: String, check: (NPYHeader) throws(StoreError) -> Void,
    body: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    do throws(StoreError) {
      func lend(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        let header = try unsafe withRawSpan(of: bytes) { (file) throws(StoreError) in
          try NPYHeader(parsing: file)
        }
        try self.check(header, check)
        try unsafe body(header.counting(header.elementCount), header.data(in: bytes))
      }
      if !entry.isDeflated {
        let bytes = try unsafe compressedBytes(of: entry)
        try unsafe entry.check(bytes)
        try unsafe lend(bytes)
      } else if entry.byteCount <= ZipEntryReader.wholeByteCount {
        let bytes = try contents(of: entry, limit: ZipEntryReader.wholeByteCount)
        try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe lend(bytes) }
      } else {
        var inflater = Inflater(.raw)
        let header = try header(of: entry, with: &inflater)
        try self.check(header, check)
        try unsafe inflatePieces(of: entry, header, body)
      }
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  private func check(
    _ header: NPYHeader, _ check: (NPYHeader) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(header)
    let limit = ValueLimit(storedByteCount: file.allocatedByteCount)
    try limit.check(count: header.elementCount, of: header.type)
  }

  private func inflatePieces(
    of entry: ZipEntry, _ header: NPYHeader,
    _ body: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    let size = header.type.byteCount
    var reader = try ZipEntryReader(entry, of: self, longestPiece: max(size, header.dataOffset))
    try reader.skip(header.dataOffset)
    let rows = reader.capacity / size
    let count = header.elementCount
    for start in stride(from: 0, to: count, by: rows) {
      let end = min(count, start + rows)
      try unsafe reader.read((end - start) * size) { (data) throws(StoreError) in
        try unsafe body(header.counting(end - start), data)
      }
    }
    // numpy reads an array whatever follows it.
    try reader.finish()
  }
}

extension NPYHeader {
  fileprivate func check(_ count: Int, _ what: String) throws(StoreError) {
    // Axes of extent 1 say nothing.
    let found = shape.count { $0 != 1 } <= 1 ? elementCount : try valueCount()
    guard found == count else { throw StoreError(.corrupt, "\(found) \(what) for \(count) images") }
  }
}
