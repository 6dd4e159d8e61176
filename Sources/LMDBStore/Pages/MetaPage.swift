internal import StoreIO

/// What one of the two meta pages at a data file's start says of the last or last but one commit.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_meta` and `MDB_db`, on 64-bit little-endian machines: a page header of
/// 16 bytes, then magic, version, map address and size, the tree of free pages, the main tree, the last
/// page, the transaction.
struct MetaPage: Sendable, Hashable {
  /// Bytes from a meta page's start to the end of what it says.
  static let byteCount = 152
  static let magic: UInt32 = 0xBEEF_C0DE
  static let version: UInt32 = 1

  let magic: UInt32
  let version: UInt32
  let pageSize: UInt32
  /// Depth, entries and root of the tree of free pages.
  let freeDepth: UInt16
  let freeEntryCount: UInt64
  let freeRoot: UInt64
  /// Flags of the main tree: keys sorted backwards, duplicates, keys that are integers.
  let treeFlags: UInt16
  let depth: UInt16
  /// Entries of the main tree.
  let entryCount: UInt64
  /// The main tree's root; all ones where it is empty.
  let root: UInt64
  /// The last page in use.
  let lastPage: UInt64
  /// The transaction that wrote the page. The greater of the two is the last commit.
  let transaction: UInt64

  /// Reads the meta page that bytes begin with, or returns nil where they are too few.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    magic = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    version = unsafe bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    pageSize = unsafe bytes.loadUnaligned(fromByteOffset: 40, as: UInt32.self)
    freeDepth = unsafe bytes.loadUnaligned(fromByteOffset: 46, as: UInt16.self)
    freeEntryCount = unsafe bytes.loadUnaligned(fromByteOffset: 72, as: UInt64.self)
    freeRoot = unsafe bytes.loadUnaligned(fromByteOffset: 80, as: UInt64.self)
    treeFlags = unsafe bytes.loadUnaligned(fromByteOffset: 92, as: UInt16.self)
    depth = unsafe bytes.loadUnaligned(fromByteOffset: 94, as: UInt16.self)
    entryCount = unsafe bytes.loadUnaligned(fromByteOffset: 120, as: UInt64.self)
    root = unsafe bytes.loadUnaligned(fromByteOffset: 128, as: UInt64.self)
    lastPage = unsafe bytes.loadUnaligned(fromByteOffset: 136, as: UInt64.self)
    transaction = unsafe bytes.loadUnaligned(fromByteOffset: 144, as: UInt64.self)
  }
}
