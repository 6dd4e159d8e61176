import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

// Values that entries hold: labels, columns and names of classes.

extension ZipArchive {
  /// The whole numbers of an entry that has one per image, its checksum checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if there are not `count`.
  func labels(
    of entry: ZipEntry, name: String, count: Int, _ what: String = "labels"
  ) throws(StoreError) -> [Int] {
    var labels: [Int] = []
    try unsafe forEachPiece(of: entry, name: name) { (header) throws(StoreError) in
      try header.check(count, what)
    } body: { (header, data) throws(StoreError) in
      let piece = try unsafe header.integers(in: data)
      if labels.isEmpty { labels = piece } else { labels += piece }
    }
    return labels
  }

  /// The column of an entry that this package wrote, with a value or a vector for each image, its
  /// checksum checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if there are not `count`.
  func column(of entry: ZipEntry, name: String, count: Int) throws(StoreError) -> Column {
    var width: Int?
    let values = try column(of: entry, name: name) { (header) throws(StoreError) in
      width = header.vectorWidth
      guard let width else { return try header.check(count, "values") }
      guard header.shape[0] == count else {
        throw StoreError(.corrupt, "\(header.shape[0]) values for \(count) images")
      }
      try header.checkVectors(width)
    }
    do throws(StoreError) {
      return if let width { try values.vectors(width: width) } else { values }
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  /// The column of two entries: one that has the bytes of all images, and one that says where those
  /// of each begin and end.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if they do not fit `count` images.
  func bytes(
    of column: NPZContents.NamedEntry, _ offsets: NPZContents.NamedEntry, count: Int
  ) throws(StoreError) -> Column {
    let places = try labels(of: offsets.entry, name: offsets.name, count: count + 1, "offsets")
    var values: [UInt8] = []
    try unsafe forEachPiece(of: column.entry, name: column.name, areBytes: true) {
      (header) throws(StoreError) in
      guard header.type == NPYType(.uint8), header.shape.count == 1 else {
        throw StoreError(
          .corrupt,
          "an array of the type '\(header.type.description)' and the shape \(header.shapeDescription) cannot be a column of bytes"
        )
      }
    } body: { (_, data) in
      unsafe values.append(contentsOf: data)
    }
    do throws(StoreError) {
      return try .stored(values, offsets: places)
    } catch {
      throw error.at(path: path, key: offsets.name)
    }
  }

  /// More names than these are not classes.
  static let mostClassNames = 1 << 20

  /// The text of an entry, its checksum checked.
  func classNames(of entry: ZipEntry, name: String) throws(StoreError) -> [String] {
    let column = try column(of: entry, name: name) { (header) throws(StoreError) in
      guard try header.valueCount() <= Self.mostClassNames else {
        throw StoreError(
          .limitExceeded,
          "the archive has \(try header.valueCount()) class names, but at most \(Self.mostClassNames) are read"
        )
      }
    }
    guard case .string(let names) = column else {
      throw StoreError(.unsupported, "the class names are not text", path: path, key: name)
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
      var piece = try unsafe header.column(in: data)
      try limit.count(piece)
      // Elements of text of which some are not UTF-8.
      if column?.kind == .bytes, piece.kind == .string { piece = piece.utf8 }
      if column?.kind == .string, piece.kind == .bytes { column = column?.utf8 }
      if column == nil { column = piece } else { try column!.append(piece) }
    }
    guard let column else { throw StoreError(.corrupt, "the array has no values", path: path, key: name) }
    return column
  }

  /// Lends the values of an entry, which has one per image, some at a time; checks its checksum
  /// before they are lent, or after the last if it is too large for that.
  ///
  /// - Parameters:
  ///   - areBytes: whether values are kept in memory as they are.
  ///   - check: takes the header before values are lent, and before more than a little is inflated.
  ///   - body: takes a header of the values lent, and the values.
  private func forEachPiece(
    of entry: ZipEntry, name: String, areBytes: Bool = false,
    check: (NPYHeader) throws(StoreError) -> Void,
    body: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    do throws(StoreError) {
      func lend(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        let header = try unsafe withRawSpan(of: bytes) { (file) throws(StoreError) in
          try NPYHeader(parsing: file)
        }
        try self.check(header, areBytes: areBytes, check)
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
        try self.check(header, areBytes: areBytes, check)
        try unsafe inflatePieces(of: entry, header, body)
      }
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  private func check(
    _ header: NPYHeader, areBytes: Bool, _ check: (NPYHeader) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(header)
    let limit = ValueLimit(storedByteCount: file.allocatedByteCount)
    try limit.check(count: header.elementCount, of: header.type, areBytes: areBytes)
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
    // numpy ignores bytes after an array.
    try reader.finish()
  }
}

extension NPYHeader {
  fileprivate func check(_ count: Int, _ what: String) throws(StoreError) {
    // Axes of extent 1 do not matter.
    let found = shape.count { $0 != 1 } <= 1 ? elementCount : try valueCount()
    guard found == count else { throw StoreError(.corrupt, "\(found) \(what) for \(count) images") }
  }
}
