internal import ImageStoreCore
internal import ImageStoreSupport

/// A copy of a branch or leaf page, whose nodes are checked to be within it.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_page` and `MDB_node`.
@safe struct TreePage: ~Copyable {
  static let headerByteCount = 16
  private static let nodeHeaderByteCount = 8
  static let branchFlag: UInt16 = 0x01
  static let leafFlag: UInt16 = 0x02
  static let overflowFlag: UInt16 = 0x04
  static let metaFlag: UInt16 = 0x08
  /// In addition to the flag of a leaf: a page that has only keys of one length, in a tree of
  /// several values of one key.
  static let fixedKeysFlag: UInt16 = 0x20
  /// Flags for the kind of a page; others are set only in memory.
  private static let kindFlags: UInt16 = 0x6F

  /// A node of a leaf.
  struct Leaf {
    /// Set if the value is on pages of its own.
    static let isBig: UInt16 = 0x01
    /// Set if the value is a tree of its own: a named database.
    static let isTree: UInt16 = 0x02
    /// Set if the key has several values.
    static let hasDuplicates: UInt16 = 0x04
    static let allFlags: UInt16 = 0x07

    let flags: UInt16
    /// Within the page.
    let key: Range<Int>
    /// Where the value, or the number of its first page, begins within the page.
    let data: Int
    let valueByteCount: Int
  }

  private let memory: UnsafeMutableRawBufferPointer
  let byteCount: Int
  private(set) var number: UInt64 = 0
  private(set) var isBranch = false
  /// Whether the page has only keys of one length.
  private(set) var hasFixedKeys = false
  /// How many nodes there are.
  private(set) var count = 0

  init(pageSize: Int) {
    unsafe memory = .allocate(byteCount: pageSize, alignment: 16)
    byteCount = pageSize
  }

  deinit { unsafe memory.deallocate() }

  /// Bytes of the page; valid while this value lives and until the next ``load(_:from:)``.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  /// The flags of the page's header, among them those that pages have only in memory.
  var flags: UInt16 { unsafe bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self) }
  /// Where the table of nodes ends.
  var lower: Int { unsafe Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt16.self)) }
  /// Where the first node begins.
  var upper: Int { unsafe Int(bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self)) }

  /// How many pages of its own a value takes.
  static func pageCount(ofValue byteCount: Int, pageSize: Int) -> Int {
    (headerByteCount + byteCount + pageSize - 1) / pageSize
  }

  /// Replaces the contents by a page of a file and checks its header.
  ///
  /// - Parameter allowsFixedKeys: whether the page may be one that has only keys.
  mutating func load(
    _ number: UInt64, from file: DatabaseFile, allowsFixedKeys: Bool = false
  ) throws(StoreError) {
    guard unsafe file.copyPage(number, to: memory) else {
      throw StoreError(
        .corrupt,
        "the file is cut short or damaged: page \(number) of \(file.pageSize) bytes is not among its "
          + "\(file.pageCount) pages")
    }
    self.number = number
    let flags = flags & Self.kindFlags
    hasFixedKeys = flags == Self.leafFlag | Self.fixedKeysFlag
    guard unsafe bytes.loadUnaligned(as: UInt64.self) == number,
      flags == Self.branchFlag || flags == Self.leafFlag || (hasFixedKeys && allowsFixedKeys)
    else { throw damaged("is neither a branch nor a leaf") }
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
    guard keyByteCount <= byteCount - start else { throw damaged("has a key that goes beyond the page") }
    return start..<start + keyByteCount
  }

  /// A node of a leaf.
  func leaf(_ index: Int) throws(StoreError) -> Leaf {
    let node = try node(index)
    let key = try key(index)
    let flags = unsafe bytes.loadUnaligned(fromByteOffset: node + 4, as: UInt16.self)
    let valueByteCount = unsafe Int(bytes.loadUnaligned(fromByteOffset: node, as: UInt32.self))
    let stored = flags & Leaf.isBig != 0 ? 8 : valueByteCount
    guard stored <= byteCount - key.upperBound else { throw damaged("has a value that goes beyond the page") }
    return Leaf(flags: flags, key: key, data: key.upperBound, valueByteCount: valueByteCount)
  }

  /// Where a node begins within the page.
  func node(_ index: Int) throws(StoreError) -> Int {
    let offset = unsafe Int(
      bytes.loadUnaligned(fromByteOffset: Self.headerByteCount + 2 * index, as: UInt16.self))
    guard offset >= Self.headerByteCount + 2 * count, offset <= byteCount - Self.nodeHeaderByteCount
    else { throw damaged("has a node that goes beyond the page") }
    return offset
  }

  func damaged(_ how: String) -> StoreError {
    StoreError(.corrupt, "the database is damaged: page \(number) \(how)")
  }
}
