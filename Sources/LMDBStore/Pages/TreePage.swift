internal import ImageStoreCore
internal import StoreIO

/// A copy of a branch or leaf page, whose nodes are checked to lie within it.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_page` and `MDB_node`.
@safe struct TreePage: ~Copyable {
  static let headerByteCount = 16
  private static let nodeHeaderByteCount = 8
  private static let branchFlag: UInt16 = 0x01
  private static let leafFlag: UInt16 = 0x02
  private static let kindFlags: UInt16 = 0x6F
  static let overflowFlag: UInt16 = 0x04

  /// A node of a leaf.
  struct Leaf {
    /// Set where the value lies on pages of its own.
    static let isBig: UInt16 = 0x01
    /// Set where the value is a tree of its own: a named database.
    static let isTree: UInt16 = 0x02
    /// Set where the key has several values.
    static let hasDuplicates: UInt16 = 0x04

    let flags: UInt16
    /// Within the page.
    let key: Range<Int>
    /// Where the value, or the number of its first page, begins within the page.
    let data: Int
    let valueByteCount: Int
  }

  private let memory: UnsafeMutableRawBufferPointer
  private let byteCount: Int
  private(set) var number: UInt64 = 0
  private(set) var isBranch = false
  /// How many nodes there are.
  private(set) var count = 0

  init(pageSize: Int) {
    unsafe memory = .allocate(byteCount: pageSize, alignment: 16)
    byteCount = pageSize
  }

  deinit { unsafe memory.deallocate() }

  /// Bytes of the page; valid while this value lives and until the next ``load(_:from:)``.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  /// Replaces the contents by a page of a file and checks its header.
  mutating func load(_ number: UInt64, from file: DatabaseFile) throws(StoreError) {
    guard unsafe file.copyPage(number, to: memory) else {
      throw StoreError(
        .corrupt,
        "the file is cut short or damaged: page \(number) of \(file.pageSize) bytes is not among its "
          + "\(file.pageCount)")
    }
    self.number = number
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self) & Self.kindFlags
    guard unsafe bytes.loadUnaligned(as: UInt64.self) == number,
      flags == Self.branchFlag || flags == Self.leafFlag
    else { throw damaged("is neither a branch nor a leaf") }
    let lower = unsafe Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
    let upper = unsafe Int(bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self))
    // The upper bound of an empty page of 64 KB does not fit its 16 bits, so an empty page may say 0.
    guard lower >= Self.headerByteCount, lower & 1 == 0, lower <= byteCount,
      upper >= lower || lower == Self.headerByteCount, upper <= byteCount
    else { throw damaged("has wrong bounds") }
    isBranch = flags == Self.branchFlag
    count = (lower - Self.headerByteCount) / 2
    guard !isBranch || count > 0 else { throw damaged("is a branch without children") }
  }

  /// The page that a node of a branch leads to.
  func child(_ index: Int) throws(StoreError) -> UInt64 {
    let node = try node(index)
    let low = unsafe UInt64(bytes.loadUnaligned(fromByteOffset: node, as: UInt32.self))
    let high = unsafe UInt64(bytes.loadUnaligned(fromByteOffset: node + 4, as: UInt16.self))
    return high << 32 | low
  }

  /// The key of a node.
  func key(_ index: Int) throws(StoreError) -> Range<Int> {
    let node = try node(index)
    let keyByteCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: node + 6, as: UInt16.self))
    let start = node + Self.nodeHeaderByteCount
    guard keyByteCount <= byteCount - start else { throw damaged("has a key that leaves it") }
    return start..<start + keyByteCount
  }

  /// A node of a leaf.
  func leaf(_ index: Int) throws(StoreError) -> Leaf {
    let node = try node(index)
    let key = try key(index)
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: node + 4, as: UInt16.self)
    let valueByteCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: node, as: UInt32.self))
    let stored = flags & Leaf.isBig != 0 ? 8 : valueByteCount
    guard stored <= byteCount - key.upperBound else { throw damaged("has a value that leaves it") }
    return Leaf(flags: flags, key: key, data: key.upperBound, valueByteCount: valueByteCount)
  }

  private func node(_ index: Int) throws(StoreError) -> Int {
    let offset = unsafe Int(
      bytes.loadUnaligned(fromByteOffset: Self.headerByteCount + 2 * index, as: UInt16.self))
    guard offset >= Self.headerByteCount + 2 * count, offset <= byteCount - Self.nodeHeaderByteCount
    else { throw damaged("has a node that leaves it") }
    return offset
  }

  func damaged(_ how: String) -> StoreError {
    StoreError(.corrupt, "a damaged database: page \(number) \(how)")
  }
}
