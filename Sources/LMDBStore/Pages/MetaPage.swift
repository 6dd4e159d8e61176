internal import ImageStoreSupport

/// One of the two meta pages at a data file's start, which describe the last two commits.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_meta`, on 64-bit little-endian machines: a page header of 16
/// bytes, then magic, version, map address and size, the tree of free pages, the main tree, the
/// last page, the transaction.
struct MetaPage: Sendable, Hashable {
  /// Bytes from a meta page's start to the end of its contents.
  static let byteCount = 152
  /// The offset of the number of the transaction that wrote it.
  static let transactionOffset = 144
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

  /// Reads the meta page that bytes begin with, or returns nil if they are too few.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    number = unsafe bytes.loadUnaligned(as: UInt64.self)
    flags = unsafe bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    magic = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    version = unsafe bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    free = unsafe TreeRecord(bytes, at: 40)
    main = unsafe TreeRecord(bytes, at: 88)
    lastPage = unsafe bytes.loadUnaligned(fromByteOffset: 136, as: UInt64.self)
    transaction = unsafe bytes.loadUnaligned(fromByteOffset: Self.transactionOffset, as: UInt64.self)
  }
}

/// LMDB's record of a tree: in the meta pages of the two that every database has, in a value of
/// each named database.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_db`, on 64-bit little-endian machines.
struct TreeRecord: Sendable, Hashable {
  static let byteCount = 48
  /// The root of a tree without entries.
  static let emptyRoot = UInt64.max
  /// A flag: keys have several values, kept in pages within a node or in trees of their own.
  static let hasDuplicates: UInt16 = 0x04
  /// A flag: keys are integers of the machine.
  static let hasIntegerKeys: UInt16 = 0x08

  /// The page size in the tree of free pages, the bytes of a key in pages that have only keys.
  var pad: UInt32 = 0
  var flags: UInt16 = 0
  var depth: UInt16 = 0
  var branchCount: UInt64 = 0
  var leafCount: UInt64 = 0
  var overflowCount: UInt64 = 0
  var entryCount: UInt64 = 0
  var root = TreeRecord.emptyRoot

  /// The record of a tree without entries.
  init() {}

  /// Reads the record at an offset, from where there are at least ``byteCount`` bytes.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    pad = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    flags = unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
    depth = unsafe bytes.loadUnaligned(fromByteOffset: offset + 6, as: UInt16.self)
    branchCount = unsafe bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
    leafCount = unsafe bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
    overflowCount = unsafe bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
    entryCount = unsafe bytes.loadUnaligned(fromByteOffset: offset + 32, as: UInt64.self)
    root = unsafe bytes.loadUnaligned(fromByteOffset: offset + 40, as: UInt64.self)
  }
}
