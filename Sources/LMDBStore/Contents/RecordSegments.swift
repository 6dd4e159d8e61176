internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Where a value is.
enum ValueLocation: Sendable {
  /// On pages of its own, which no transaction of a writer moves.
  case file(offset: Int, byteCount: Int)
  /// Within a leaf when the store was opened. Leaves move, so a copy was made.
  case copy([UInt8])

  init(_ entry: Tree.Entry) {
    if let inline = unsafe entry.inline {
      self = unsafe .copy([UInt8](inline))
    } else {
      self = .file(offset: entry.offset, byteCount: entry.byteCount)
    }
  }

  /// Lends the value.
  func withBytes<Result>(
    of file: DatabaseFile, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    switch self {
    case .file(let offset, let byteCount):
      guard let bytes = unsafe file.map.bytes(at: offset, count: byteCount) else {
        throw StoreError(.corrupt, "the file is cut short", path: file.map.path)
      }
      return try unsafe body(bytes)
    case .copy(let bytes):
      return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
    }
  }
}

/// The segments of one record, such as labels, in the order of their images.
struct RecordSegments: Sendable {
  struct Segment: Sendable {
    /// The index of the first image that it has a value for.
    let first: Int
    let location: ValueLocation
  }

  /// The record's name: the key of a segment without the index.
  let name: String
  private(set) var segments: [Segment] = []

  init(name: String) { self.name = name }

  mutating func append(_ entry: Tree.Entry, first: Int) {
    segments.append(Segment(first: first, location: ValueLocation(entry)))
  }

  /// Hands out each segment with its array's header and the bytes after it.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if a segment is not a `.npy` value, or the segments are not those of
  ///   `count` images one after another.
  func forEach(
    of count: Int, in file: DatabaseFile,
    _ body: (
      _ segment: Segment, _ header: NPYHeader, _ data: UnsafeRawBufferPointer
    ) throws(StoreError) -> Void
  ) throws(StoreError) {
    var next = 0
    for segment in segments {
      do throws(StoreError) {
        guard segment.first == next else {
          throw StoreError(.corrupt, "values from image \(segment.first) instead of those from \(next)")
        }
        try unsafe segment.location.withBytes(of: file) { (bytes) throws(StoreError) in
          let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
          guard let values = header.shape.first else {
            throw StoreError(.corrupt, "an array without a length instead of one value per image")
          }
          // Before memory is asked for.
          guard values <= count - next else {
            throw StoreError(.corrupt, "\(values) values from image \(next) of \(count)")
          }
          try unsafe body(segment, header, header.data(in: bytes))
          next += values
        }
      } catch {
        throw error.at(path: file.map.path, key: StoreKey.segment(name, first: segment.first))
      }
    }
    guard next == count else {
      throw StoreError(
        .corrupt, "\(next) values for \(count) images", path: file.map.path, key: name)
    }
  }
}

// What records are read as.

extension RecordSegments {
  func labels(of count: Int, in file: DatabaseFile) throws(StoreError) -> [Int] {
    var labels: [Int] = []
    try unsafe forEach(of: count, in: file) { (_, header, data) throws(StoreError) in
      let more = try unsafe header.integers(in: data)
      if labels.isEmpty { labels = more } else { labels += more }
    }
    return labels
  }

  func column(of count: Int, in file: DatabaseFile) throws(StoreError) -> Column {
    var column: Column?
    try unsafe forEach(of: count, in: file) { (_, header, data) throws(StoreError) in
      let more = try unsafe header.column(in: data)
      // The first is taken as it is, since it says of which kind the column is.
      if column == nil { column = more } else { try column!.append(more) }
    }
    guard let column else {
      throw StoreError(.corrupt, "a column without values", path: file.map.path, key: name)
    }
    return column
  }

  /// Of which kind a column's values are.
  func columnKind(in file: DatabaseFile) throws(StoreError) -> Column.Kind {
    do throws(StoreError) {
      guard let first = segments.first else { throw StoreError(.corrupt, "a column without values") }
      return try unsafe first.location.withBytes(of: file) { (bytes) throws(StoreError) in
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
      throw error.at(path: file.map.path, key: name)
    }
  }

  /// The checksum of each image's pixels.
  func checksums(of count: Int, in file: DatabaseFile) throws(StoreError) -> [UInt32] {
    var checksums: [UInt32] = []
    try unsafe forEach(of: count, in: file) { (_, header, data) throws(StoreError) in
      guard header.type == NPYType(.unsignedInteger, byteCount: 4) else {
        throw StoreError(.corrupt, "checksums of the type '\(header.type.description)'")
      }
      checksums += try unsafe header.integers(in: data).map { UInt32(truncatingIfNeeded: $0) }
    }
    return checksums
  }
}
