internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// The metadata of a store: the version of its layout and how many images it has.
///
/// The record is written in the last transaction of a writer, so that images written before it count only
/// from then on, all at once.
struct StoreMetadata: Sendable, Hashable {
  /// The version of stores with encoded images, which earlier releases do not read.
  private static let encodedVersion: Int64 = 2
  private static let version: Int64 = 1

  var count: Int
  /// Whether the images are encoded, each under a key of its own.
  var isEncoded = false
  /// The transactions, up to the one that wrote the record, that writers of this package made one
  /// after another.
  ///
  /// None of them freed a page that images are on. So a store that was opened before the first of
  /// them continues to read its own commit, as long as the last of them is the database's latest.
  var transactions: Transactions?

  struct Transactions: Sendable, Hashable {
    var first: UInt64
    var last: UInt64
    /// The last one that freed pages of labels, columns or class names; 0 if none did.
    var lastEdit: UInt64 = 0
  }

  /// The record: an array of the two integers, followed by the numbers of the transactions, and
  /// that of an edit if there was one.
  var bytes: [UInt8] {
    get throws(StoreError) {
      var bytes = try Column.int64([isEncoded ? Self.encodedVersion : Self.version, Int64(count)]).npyBytes()
      if let transactions {
        bytes.appendInteger(transactions.first)
        bytes.appendInteger(transactions.last)
        if transactions.lastEdit > 0 { bytes.appendInteger(transactions.lastEdit) }
      }
      return bytes
    }
  }

  init(count: Int, isEncoded: Bool) {
    self.count = count
    self.isEncoded = isEncoded
  }

  /// Reads the record, or returns nil if it is another.
  private init?(_ value: UnsafeRawBufferPointer) throws(StoreError) {
    guard unsafe value.starts(with: NPYHeader.magic) else { return nil }
    let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
    guard header.type.kind == .signedInteger, header.shape == [2] else { return nil }
    let found = try unsafe header.integers(in: header.data(in: value))
    guard found[0] == Self.version || found[0] == Self.encodedVersion else {
      throw StoreError(
        .unsupported, "the store has a layout of a later version, \(found[0])", remedy: "update this package",
        key: StoreKey.metadata)
    }
    count = found[1]
    isEncoded = found[0] == Self.encodedVersion
    let end = header.dataOffset + header.dataByteCount
    if let first = unsafe value.integer(UInt64.self, at: end),
      let last = unsafe value.integer(UInt64.self, at: end + 8)
    {
      let lastEdit = unsafe value.integer(UInt64.self, at: end + 16) ?? 0
      transactions = Transactions(first: first, last: last, lastEdit: lastEdit)
    }
  }

  /// Reads the record of a database, or returns nil if it has none and is not a store of this package.
  init?(_ tree: Tree) throws(StoreError) {
    var found: StoreMetadata?
    try tree.find(StoreKey.metadata) { (entry) throws(StoreError) in
      if let value = unsafe entry.inline { found = try unsafe StoreMetadata(value) }
    }
    guard let found else { return nil }
    guard found.count >= 0, found.count <= tree.file.byteCount else {
      throw StoreError(
        .corrupt,
        "the store says it has \(found.count) images, too many for a file of \(tree.file.byteCount) bytes",
        key: StoreKey.metadata)
    }
    self = found
  }

  /// Writes the record of a store again, if it has one, with the numbers of its transactions. This
  /// is the last step of a transaction.
  ///
  /// - Parameters:
  ///   - known: the record as it was when the transaction began.
  ///   - isEdit: whether the transaction frees pages of labels, columns or class names.
  static func mark(
    _ transaction: borrowing WriteTransaction, after known: StoreMetadata?, isEdit: Bool
  ) throws(StoreError) {
    guard var metadata = try Self(transaction) else { return }
    let number = transaction.number
    let before = known?.transactions
    metadata.transactions = Transactions(
      first: before?.last == number - 1 ? before!.first : number, last: number,
      lastEdit: isEdit ? number : before?.lastEdit ?? 0)
    try transaction.replace(metadata.bytes, key: StoreKey.metadata)
  }

  /// Reads the record that a transaction sees.
  init?(_ transaction: borrowing WriteTransaction) throws(StoreError) {
    var found: StoreMetadata?
    try unsafe transaction.find(StoreKey.metadata) { (value) throws(StoreError) in
      found = try unsafe StoreMetadata(value)
    }
    guard let found else { return nil }
    self = found
  }
}
