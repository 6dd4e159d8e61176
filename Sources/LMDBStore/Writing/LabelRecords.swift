internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Labels and columns of a writer's images, which its last commit writes.
struct LabelRecords {
  struct Record {
    let key: String
    let bytes: [UInt8]
    /// Whether it replaces one that the store has.
    var isReplaced = false
  }

  /// The longest segment, so that text, which is as wide as the longest of a segment, does not grow for all.
  private static let imagesPerSegment = 65_536
  /// The size of a segment from which on it has fewer images.
  private static let bytesPerSegment = 64 << 20
  /// The most bytes that liblmdb writes correctly as one value.
  static let mostBytes = 1 << 31 - 1 << 20

  /// nil until it is known whether images have labels and which columns.
  private var labels: ImageLabels?

  /// Adds those of a run of images, which agree with those before.
  mutating func append(_ more: ImageLabels) throws(StoreError) {
    for (name, column) in more.columns {
      if case .string(let values) = column,
        let position = values.firstIndex(where: { $0.utf8.contains(0) })
      {
        throw StoreError(
          .unsupported, "the text has a NUL character, which numpy does not keep", remedy: "remove it",
          image: position, key: name)
      }
    }
    if labels == nil { labels = more } else { try labels!.append(more) }
  }

  /// The records of the images from `first` to `count`, and the store's metadata.
  ///
  /// - Parameters:
  ///   - tails: the short records of the images before, which are written again with these after them.
  ///   - checksums: that of each image's pixels.
  ///   - kinds: the kinds of single images.
  ///   - isEncoded: whether they are encoded.
  ///   - classNames: the store's class names, if they are new.
  func records(
    first: Int, count: Int, after tails: RecordTails, checksums: [UInt32], kinds: [StoredKind]?,
    isEncoded: Bool, classNames: [String]?
  ) throws(StoreError) -> [Record] {
    var records: [Record] = []
    // Without values there are no records, and nothing is written after a tail either.
    if count > first {
      if let kinds {
        let start = tails.kinds?.first ?? first
        let kinds = (tails.kinds?.values ?? []) + kinds
        for segment in Self.segments(of: kinds.count) {
          let key = StoreKey.segment(StoreKey.shapes, first: start + segment.lowerBound)
          let isReplaced = start + segment.lowerBound < first
          Self.add(key, ShapeRecord.npyBytes(kinds[segment]), isReplaced: isReplaced, to: &records)
        }
      }
      let start = tails.checksums?.first ?? first
      let checksums = (tails.checksums?.values ?? []) + checksums
      for segment in Self.segments(of: checksums.count) {
        let key = StoreKey.segment(
          StoreKey.checksum(of: StoreKey.images), first: start + segment.lowerBound)
        records.append(
          Record(
            key: key, bytes: ChecksumRecord.npyBytes(checksums[segment]),
            isReplaced: start + segment.lowerBound < first))
      }
    }
    try addAnnotations(first: first, count: count, after: tails, classNames: classNames, to: &records)
    let metadata = try StoreMetadata(count: count, isEncoded: isEncoded).bytes
    records.append(Record(key: StoreKey.metadata, bytes: metadata, isReplaced: true))
    return records
  }

  /// The records of the labels and columns of all images of a store.
  func annotations(count: Int, classNames: [String]?) throws(StoreError) -> [Record] {
    var records: [Record] = []
    try addAnnotations(
      first: 0, count: count, after: RecordTails(), classNames: classNames, to: &records)
    return records
  }

  private func addAnnotations(
    first: Int, count: Int, after tails: RecordTails, classNames: [String]?, to records: inout [Record]
  ) throws(StoreError) {
    if let labels = labels?.labels, !labels.isEmpty {
      let start = tails.labels?.first ?? first
      let labels = (tails.labels?.values ?? []) + labels
      for segment in Self.segments(of: labels.count) {
        let key = StoreKey.segment(StoreKey.labels, first: start + segment.lowerBound)
        let isReplaced = start + segment.lowerBound < first
        Self.add(
          key, try Column.int64(labels[segment].map(Int64.init)).npyBytes(), isReplaced: isReplaced,
          to: &records)
      }
    }
    for (name, column) in (labels?.columns ?? [:]).sorted(by: { $0.key < $1.key }) {
      do throws(StoreError) {
        var (start, column) = (first, column)
        if let tail = tails.columns[name], column.count > 0 {
          let added = column
          (start, column) = (tail.first, tail.values)
          try column.append(added)
        }
        for segment in Self.segments(of: column) {
          let values = column.gathering(segment)
          let bytes = try values.npyBytes()
          guard bytes.count <= Self.mostBytes else {
            throw StoreError(
              .limitExceeded,
              "the values take \(bytes.count) bytes, but a record holds at most \(Self.mostBytes)",
              image: start + segment.lowerBound)
          }
          let place = start + segment.lowerBound
          Self.add(
            StoreKey.segment(StoreKey.column(name), first: place), bytes, isReplaced: place < first,
            to: &records)
          if let offsets = values.offsetsNPYBytes() {
            Self.add(
              StoreKey.segment(StoreKey.offsets(name), first: place), offsets, isReplaced: place < first,
              to: &records)
          }
        }
      } catch {
        throw error.at(key: name)
      }
    }
    if let classNames {
      Self.add(
        StoreKey.classNames, try Column.string(classNames).npyBytes(), isReplaced: true, to: &records)
    }
  }

  /// Adds a record and that of its checksum.
  private static func add(
    _ key: String, _ bytes: [UInt8], isReplaced: Bool = false, to records: inout [Record]
  ) {
    let checksum = unsafe CRC32.checksum(of: bytes.span.bytes)
    records.append(Record(key: key, bytes: bytes, isReplaced: isReplaced))
    records.append(
      Record(
        key: StoreKey.checksum(of: key), bytes: ChecksumRecord.npyBytes([checksum]), isReplaced: isReplaced))
  }

  /// The segments of values of one size.
  private static func segments(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: imagesPerSegment).map { $0..<min($0 + imagesPerSegment, count) }
  }

  /// The images of each segment of a column.
  private static func segments(of column: Column) -> [Range<Int>] {
    var segments: [Range<Int>] = []
    var start = 0
    while start < column.count {
      var end = min(start + imagesPerSegment, column.count)
      switch column {
      case .int64, .double: break
      case .int64Vectors(let vectors): end = min(end, start + max(1, bytesPerSegment / 8 / vectors.width))
      case .doubleVectors(let vectors): end = min(end, start + max(1, bytesPerSegment / 8 / vectors.width))
      case .bytes(let bytes):
        while end > start + 1, bytes.offsets[end] - bytes.offsets[start] > bytesPerSegment { end -= 1 }
      case .string(let texts):
        // Every text takes as much as the longest, four bytes for each character.
        var longest = 1
        for position in start..<end {
          longest = max(longest, texts[position].unicodeScalars.count)
          guard 4 * longest * (position + 1 - start) > bytesPerSegment, position > start else { continue }
          end = position
          break
        }
      }
      segments.append(start..<end)
      start = end
    }
    return segments
  }
}
