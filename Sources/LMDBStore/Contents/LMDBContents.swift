internal import ImageStoreCore
internal import ImageStoreSupport

/// The contents of a database, as found when it was opened.
struct LMDBContents: Sendable {
  let file: DatabaseFile
  /// The commit it is of.
  let meta: MetaPage
  var count: Int
  var images: LMDBImages
  /// Whether a value has many images.
  var hasBlocks = false
  /// Whether this package wrote it for encoded images, even if there are none yet.
  var isEncoded = false
  var labels: StoredLabels
  /// Whether the caller says that red and blue are swapped, and the values do not store an order.
  var hasSwappedChannels = false
  /// Whether labels are wanted.
  var hasLabels = true
  var classNames: [String]?
  /// The parts of a database of another program that were not read, and the decisions made.
  var notes: [ReadingNote] = []
  /// The images of an unfinished append, if they were asked for.
  var unfinished: UnfinishedImages?
}

extension LMDBContents {
  /// Applies a description to a store of this package, which describes itself.
  mutating func take(_ description: StoreDescription) throws(StoreError) {
    for (option, isSaid) in [
      ("images", description.images != nil), ("labels", description.labelsName != nil),
      ("dimensions", description.dimensions != nil), ("channel-order", description.channelOrder == .bgr),
      ("palette", description.palette != nil), ("orientation", description.orientation != nil && !isEncoded),
    ] where isSaid {
      throw .unusedOption(option, "this package wrote the store, which describes itself")
    }
    if description.labels == StoreDescription.Labels.none {
      hasLabels = false
      classNames = nil
    }
    switch images {
    case .none: break
    case .encoded(let encoded):
      let encoded = try encoded.oriented(description)
      for kind in encoded.kinds { try description.check(kind.format) }
      images = .encoded(encoded)
    case .uniform(let format, _, _): try description.check(format)
    case .mixed(let positions, _): for format in positions.formats { try description.check(format) }
    }
  }
}

/// Where the images of a database are, and how their pixels are read.
enum LMDBImages: Sendable {
  /// There are none.
  case none
  /// All of one format, as they are delivered. The flags, if there are any, say which blocks have
  /// been compared with the header that the writer gives them. That is done when a block is first
  /// read, so that opening a store touches none.
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
  /// In a database that another program wrote, read when the store was opened.
  case values(ForeignColumns)
}

/// Information on the images of a database that another program wrote.
struct ForeignColumns: Sendable {
  var labels: [Int]?
  var columns: [String: Column] = [:]
  /// The key of each image.
  var keys = NameList()
  /// Whether the keys are a column `name`.
  var hasNames = false
  static let nameColumn = "name"

  /// A key as text; bytes that are not text, such as those of binary numbers, as `\xHH`.
  private static func text(_ key: ArraySlice<UInt8>) -> String {
    guard key.contains(where: { $0 < 0x20 }) else { return shownName(key) }
    return key.map { byte in
      (0x20...0x7E).contains(byte)
        ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  var columnNames: [String] { (Array(columns.keys) + (hasNames ? [Self.nameColumn] : [])).sorted() }

  func column(_ name: String) -> Column? {
    if let column = columns[name] { return column }
    return hasNames && name == Self.nameColumn ? .string(keys.map { Self.text($0) }) : nil
  }
}

/// The records of a store of this package other than its images.
struct StoreRecords: Sendable {
  /// Labels, columns, shapes and checksums by the names of their segments.
  var segments: [String: RecordSegments] = [:]
  /// Single records by their keys.
  var singles: [String: ValueLocation] = [:]

  /// The name of the offsets of a column of bytes; nil for other columns.
  func offsets(of name: String) -> RecordSegments? {
    let prefix = StoreKey.column("")
    guard name.hasPrefix(prefix) else { return nil }
    return segments[StoreKey.offsets(String(name.dropFirst(prefix.count)))]
  }

  /// The names of the columns, sorted.
  var columnNames: [String] {
    let prefix = StoreKey.column("")
    return segments.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
  }
}
