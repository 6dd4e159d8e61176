internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Labels and columns of a writer's images, which its last commit writes.
struct LabelRecords {
  struct Record {
    let key: String
    let bytes: [UInt8]
    /// Whether it takes the place of one that the store has.
    var isReplaced = false
  }

  /// The longest segment, so that text, which is as wide as the longest of a segment, does not grow for all.
  private static let imagesPerSegment = 65_536

  /// nil until it is known whether images have labels and which columns.
  private var labels: ImageLabels?

  /// Adds those of a run of images, which agree with those before.
  mutating func append(_ more: ImageLabels) throws(StoreError) {
    for (name, column) in more.columns {
      if case .string(let values) = column,
        let position = values.firstIndex(where: { $0.utf8.contains(0) })
      {
        throw StoreError(
          .unsupported, "text with a NUL character, which numpy does not keep", remedy: "remove it",
          image: position, key: name)
      }
    }
    if labels == nil { labels = more } else { try labels!.append(more) }
  }

  /// The records of the images from `first` to `count`, and the store's metadata.
  ///
  /// - Parameters:
  ///   - checksums: that of each image's pixels.
  ///   - formats: the formats of single images.
  ///   - classNames: those of the store, if they are new.
  func records(
    first: Int, count: Int, checksums: [UInt32], formats: [ImageFormat]?, classNames: [String]?
  ) throws(StoreError) -> [Record] {
    var records: [Record] = []
    func add(_ key: String, _ bytes: [UInt8], isReplaced: Bool = false) {
      let checksum = unsafe CRC32.checksum(of: bytes.span.bytes)
      records.append(Record(key: key, bytes: bytes, isReplaced: isReplaced))
      records.append(
        Record(
          key: StoreKey.checksum(of: key), bytes: ChecksumRecord.npyBytes([checksum]), isReplaced: isReplaced)
      )
    }
    let images = count - first
    for start in stride(from: 0, to: images, by: Self.imagesPerSegment) {
      let segment = start..<min(start + Self.imagesPerSegment, images)
      if let labels = labels?.labels {
        let values = Column.int64(labels[segment].map(Int64.init))
        add(StoreKey.segment(StoreKey.labels, first: first + start), try values.npyBytes())
      }
      for (name, column) in (labels?.columns ?? [:]).sorted(by: { $0.key < $1.key }) {
        let key = StoreKey.segment(StoreKey.column(name), first: first + start)
        do throws(StoreError) {
          add(key, try column.gathering(segment).npyBytes())
        } catch {
          throw error.at(key: name)
        }
      }
      if let formats {
        add(
          StoreKey.segment(StoreKey.shapes, first: first + start), ShapeRecord.npyBytes(formats[segment]))
      }
      let key = StoreKey.segment(StoreKey.checksum(of: StoreKey.images), first: first + start)
      records.append(Record(key: key, bytes: ChecksumRecord.npyBytes(checksums[segment])))
    }
    if let classNames {
      add(StoreKey.classNames, try Column.string(classNames).npyBytes(), isReplaced: true)
    }
    let metadata = try StoreMetadata(count: count).bytes
    records.append(Record(key: StoreKey.metadata, bytes: metadata, isReplaced: true))
    return records
  }
}
