internal import ImageStoreCore

/// What was found in a database when it was opened.
struct LMDBContents: Sendable {
  let file: DatabaseFile
  /// The commit it is of.
  let meta: MetaPage
  var count: Int
  var images: LMDBImages
  /// Whether a value has many images.
  var hasBlocks = false
  var labels: StoredLabels
  var classNames: [String]?
  /// What an append left that did not finish, if it was asked for.
  var unfinished: UnfinishedImages?
}

/// Where the images of a database are and how their pixels are got.
enum LMDBImages: Sendable {
  /// There are none.
  case none
  /// All of one format, as they are delivered. The flags, if there are any, say which blocks have been compared with the
  /// header that the writer gives them. That is done when a block is first read, so that opening a store touches none.
  case uniform(ImageFormat, ImagePositions, AtomicArray<UInt8>?)
  /// Of different formats, as they are delivered.
  case mixed(MixedPositions, AtomicArray<UInt8>?)
  /// In values that have to be decoded.
  case encoded(EncodedImages)
}

/// Where labels, columns and checksums are.
enum StoredLabels: Sendable {
  /// In records of their own.
  case records(StoreRecords)
  /// In the values of images, read when the store was opened.
  case values([Int]?)
}

/// The records of a store of this package besides its images.
struct StoreRecords: Sendable {
  /// Labels, columns, shapes and checksums by the names of their segments.
  var segments: [String: RecordSegments] = [:]
  /// Single records by their keys.
  var singles: [String: ValueLocation] = [:]

  /// The names of the columns, sorted.
  var columnNames: [String] {
    let prefix = StoreKey.column("")
    return segments.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
  }
}
