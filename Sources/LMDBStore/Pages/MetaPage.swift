internal import ImageStoreSupport

/// What one of the two meta pages at a data file's start says of the last or last but one commit.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_meta`, on 64-bit little-endian machines: a page header of 16 bytes, then magic, version,
/// map address and size, the tree of free pages, the main tree, the last page, the transaction.
struct MetaPage: Sendable, Hashable {
  /// Bytes from a meta page's start to the end of what it says.
  static let byteCount = 152
  static let magic: UInt32 = 0xBEEF_C0DE
  static let version: UInt32 = 1

  /// The number and flags of the page's header.
  let number: UInt64
  let flags: UInt16
  let magic: UInt32
  let version: UInt32
  /// The tree of free pages: under the number of each transaction a list of the pages it freed.
  let free: TreeRecord
  let main: TreeRecord
  /// The last page in use.
  let lastPage: UInt64
  /// The transaction that wrote the page. The greater of the two is the last commit.
  let transaction: UInt64

  var pageSize: UInt32 { free.pad }

  /// Reads the meta page that bytes begin with, or returns nil where they are too few.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    number = unsafe bytes.loadUnaligned(as: UInt64.self)
    flags = unsafe bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    magic = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    version = unsafe bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    free = unsafe TreeRecord(bytes, at: 40)
    main = unsafe TreeRecord(bytes, at: 88)
    lastPage = unsafe bytes.loadUnaligned(fromByteOffset: 136, as: UInt64.self)
    transaction = unsafe bytes.loadUnaligned(fromByteOffset: 144, as: UInt64.self)
  }
}
