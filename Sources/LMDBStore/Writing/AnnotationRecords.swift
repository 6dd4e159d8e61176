internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Labels, columns and class names of a writer's images, which its last commit writes.
struct AnnotationRecords {
  /// The longest part, so that text, which is as wide as the longest of a part, does not grow for all.
  private static let imagesPerPart = 65_536

  private let classNames: [String]?
  /// nil until it is known whether images have labels and which columns.
  private var annotations: Annotations?

  init(classNames: [String]?, following annotations: Annotations? = nil) {
    self.classNames = classNames
    self.annotations = annotations
  }

  /// Adds the annotations of a run of images.
  mutating func append(_ more: Annotations, imageCount: Int) throws(StoreError) {
    for (name, column) in more.columns {
      if case .string(let values) = column, let place = values.firstIndex(where: { $0.utf8.contains(0) }) {
        throw StoreError(
          .unsupported, "text with a NUL character, which numpy does not keep", remedy: "remove it",
          image: place, key: name)
      }
    }
    guard annotations != nil else {
      // A run of no images and no annotations says nothing about those to come.
      if imageCount > 0 || more != Annotations() { annotations = more }
      return
    }
    try annotations!.append(more)
  }

  /// The records of the images from `first` to `count`, and the store's metadata.
  ///
  /// - Parameters:
  ///   - checksums: that of each image's pixels.
  ///   - formats: the formats of single images.
  func records(
    first: Int, count: Int, checksums: [UInt32], formats: [ImageFormat]?
  ) throws(StoreError) -> [(key: String, bytes: [UInt8])] {
    var records: [(key: String, bytes: [UInt8])] = []
    func add(_ key: String, _ bytes: [UInt8]) {
      let checksum = unsafe CRC32.checksum(of: bytes.span.bytes)
      records.append((key, bytes))
      records.append((StoreKey.checksum(of: key), ChecksumRecord.npyBytes([checksum])))
    }
    // A store without images has labels and columns too, if empty ones.
    let images = count - first
    for start in stride(from: 0, to: max(images, first == 0 ? 1 : 0), by: Self.imagesPerPart) {
      let part = start..<min(start + Self.imagesPerPart, images)
      if let labels = annotations?.labels {
        let values = Column.int64(labels[part].map(Int64.init))
        add(StoreKey.part(StoreKey.labels, first: first + start), try values.npyBytes())
      }
      for (name, column) in (annotations?.columns ?? [:]).sorted(by: { $0.key < $1.key }) {
        let key = StoreKey.part(StoreKey.column(name), first: first + start)
        do throws(StoreError) {
          add(key, try column.gathering(part).npyBytes())
        } catch {
          throw error.at(key: name)
        }
      }
      guard images > 0 else { continue }
      if let formats {
        add(StoreKey.part(StoreKey.shapes, first: first + start), ShapeRecord.npyBytes(formats[part]))
      }
      let key = StoreKey.part(StoreKey.checksum(of: StoreKey.images), first: first + start)
      records.append((key, ChecksumRecord.npyBytes(checksums[part])))
    }
    if let classNames { add(StoreKey.classNames, try Column.string(classNames).npyBytes()) }
    records.append((StoreKey.metadata, try StoreMetadata(count: count).bytes))
    return records
  }
}
