internal import ImageStoreSupport

/// What LMDB keeps of a tree: in the meta pages of the two that every database has, in a value of each named database.
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

  /// The page size in the tree of free pages, the bytes of a key in pages that have nothing but keys.
  let pad: UInt32
  let flags: UInt16
  let depth: UInt16
  let branchCount: UInt64
  let leafCount: UInt64
  let overflowCount: UInt64
  let entryCount: UInt64
  let root: UInt64

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
