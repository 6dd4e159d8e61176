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

  init(name: String, _ segments: [Segment] = []) {
    self.name = name
    self.segments = segments
  }

  mutating func append(_ entry: Tree.Entry, first: Int) {
    segments.append(Segment(first: first, location: ValueLocation(entry)))
  }

  /// Hands out each segment with its array's header and the bytes after it.
  ///
  /// - Parameter surplus: how many more values than images a segment has.
  /// - Throws: ``StoreError/Code/corrupt`` if a segment is not a `.npy` value, or the segments do
  ///   not cover `count` images one after another.
  func forEach(
    of count: Int, surplus: Int = 0, in file: DatabaseFile,
    _ body: (
      _ segment: Segment, _ header: NPYHeader, _ data: UnsafeRawBufferPointer
    ) throws(StoreError) -> Void
  ) throws(StoreError) {
    var next = 0
    for segment in segments {
      do throws(StoreError) {
        guard segment.first == next else {
          throw StoreError(
            .corrupt, "expected values from image \(next) on, found those from image \(segment.first) on")
        }
        try unsafe segment.location.withBytes(of: file) { (bytes) throws(StoreError) in
          let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
          guard let length = header.shape.first, length >= surplus else {
            throw StoreError(
              .corrupt, "expected an array with one value per image, found one without a length")
          }
          let values = length - surplus
          // Checked before memory is allocated.
          guard values <= count - next else {
            throw StoreError(
              .corrupt, "the \(values) values from image \(next) on do not fit the store's \(count) images")
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

// The values of records.

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
      let more = try unsafe header.column(of: header.shape[0], in: data)
      // The first is used as it is, because it decides the kind of the column.
      if column == nil { column = more } else { try column!.append(more) }
    }
    guard let column else {
      throw StoreError(.corrupt, "the column has no values", path: file.map.path, key: name)
    }
    return column
  }

  /// The bytes of each image; another record says where they begin and end in each segment.
  func bytes(
    of count: Int, _ offsets: RecordSegments, in file: DatabaseFile
  ) throws(StoreError) -> Column {
    var bytes = Column.Bytes()
    try unsafe forEachBytes(of: count, offsets, in: file) { (places, data) in
      for (start, end) in zip(places, places.dropFirst()) { unsafe bytes.append(data[start..<end]) }
    }
    return .bytes(bytes)
  }

  /// Hands out the bytes of each segment, and where those of each image begin, and those of the last end.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if they do not cover `count` images.
  func forEachBytes(
    of count: Int, _ offsets: RecordSegments, in file: DatabaseFile,
    _ body: (_ places: [Int], _ data: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    var number = 0
    try unsafe offsets.forEach(of: count, surplus: 1, in: file) {
      (segment, header, data) throws(StoreError) in
      let places = try unsafe header.integers(in: data)
      guard number < segments.count, segments[number].first == segment.first else {
        throw StoreError(.corrupt, "the bytes from image \(segment.first) on are missing", key: name)
      }
      try unsafe segments[number].location.withBytes(of: file) { (value) throws(StoreError) in
        let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
        guard header.type == NPYType(.uint8), header.shape.count == 1 else {
          throw StoreError(
            .corrupt,
            "an array of the type '\(header.type.description)' and the shape \(header.shapeDescription) cannot be a column of bytes",
            key: name)
        }
        let bytes = try unsafe header.data(in: value)
        var isRising = places.first == 0 && places.last == bytes.count
        for position in places.indices.dropFirst() where places[position] < places[position - 1] {
          isRising = false
        }
        guard isRising else {
          throw StoreError(.corrupt, "the offsets do not divide the column's \(bytes.count) bytes")
        }
        unsafe body(places, bytes)
      }
      number += 1
    }
    guard number == segments.count else {
      throw StoreError(
        .corrupt, "the bytes from image \(segments[number].first) on do not fit the store's \(count) images",
        path: file.map.path, key: name)
    }
  }

  /// The kind of a column's values.
  ///
  /// - Parameter hasOffsets: whether they are bytes; another record says where these begin and end.
  func columnKind(hasOffsets: Bool, in file: DatabaseFile) throws(StoreError) -> Column.Kind {
    if hasOffsets { return .bytes }
    do throws(StoreError) {
      guard let first = segments.first else { throw StoreError(.corrupt, "the column has no values") }
      return try unsafe first.location.withBytes(of: file) { (bytes) throws(StoreError) in
        let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
        // Its values are not needed, but their number is checked.
        _ = try unsafe header.data(in: bytes)
        let width = header.vectorWidth
        if let width { try header.checkVectors(width) }
        return switch header.type.kind {
        case .floatingPoint: width.map { .doubleVectors(width: $0) } ?? .double
        case .unicode, .bytes: .string
        case .opaque: .bytes
        case .bool, .signedInteger, .unsignedInteger: width.map { .int64Vectors(width: $0) } ?? .int64
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
        throw StoreError(.corrupt, "the checksums have the wrong type '\(header.type.description)'")
      }
      checksums += try unsafe header.integers(in: data).map { UInt32(truncatingIfNeeded: $0) }
    }
    return checksums
  }
}
