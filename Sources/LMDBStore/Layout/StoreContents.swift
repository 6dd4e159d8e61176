internal import ImageStoreCore

/// What was found in a database when it was opened.
struct StoreContents: Sendable {
  let file: DatabaseFile
  /// The commit it is of.
  let meta: MetaPage
  var count: Int
  var images: StoredImages
  /// Whether images stand many to a value.
  var hasBlocks = false
  var annotations: StoredAnnotations
  var classNames: [String]?
  /// What an append left that did not finish, if it was asked for.
  var unfinished: UnfinishedImages?
}

/// Where labels, columns and checksums are.
enum StoredAnnotations: Sendable {
  /// In records of their own.
  case records(StoreRecords)
  /// In the values of images, read when the store was opened.
  case labels([Int]?)
}

/// The records of a store of this package besides its images.
struct StoreRecords: Sendable {
  /// Labels, columns, shapes and checksums by the names of their parts.
  var parts: [String: RecordParts] = [:]
  /// Single records by their keys.
  var singles: [String: RecordParts.Place] = [:]

  /// The names of the columns, sorted.
  var columnNames: [String] {
    let prefix = StoreKey.column("")
    return parts.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
  }
}
