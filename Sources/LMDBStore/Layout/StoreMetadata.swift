internal import ImageStoreCore
internal import NumPyFormat

/// What a store says of itself: the version of its layout and how many images it has.
///
/// The record is written in the last transaction of a writer, so that images written before it count only
/// from then on, all at once.
struct StoreMetadata: Sendable, Hashable {
  static let version = 1

  var count: Int

  /// The record: an array of the two integers.
  var npyBytes: [UInt8] {
    get throws(StoreError) { try Column.int64([Int64(Self.version), Int64(count)]).npyBytes() }
  }

  init(count: Int) { self.count = count }

  /// Reads the record of a database, or returns nil where it has none and is no store of this package.
  init?(_ tree: Tree) throws(StoreError) {
    var found: [Int]?
    try tree.find(StoreKey.metadata) { (entry) throws(StoreError) in
      guard let value = unsafe entry.inline, unsafe value.starts(with: NPYHeader.magic) else { return }
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      guard header.type.kind == .signedInteger, header.shape == [2] else { return }
      found = try unsafe header.integers(in: header.data(in: value))
    }
    guard let found else { return nil }
    guard found[0] == Self.version else {
      throw StoreError(
        .unsupported, "the layout of a later version, \(found[0])", remedy: "update this package",
        key: StoreKey.metadata)
    }
    guard found[1] >= 0, found[1] <= tree.file.byteCount else {
      throw StoreError(
        .corrupt, "\(found[1]) images in a file of \(tree.file.byteCount) bytes",
        key: StoreKey.metadata)
    }
    count = found[1]
  }
}
