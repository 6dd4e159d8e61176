internal import ImageStoreCore
internal import ImageStoreSupport

/// A tree of a database as of one commit: the main one, or that of a named database.
///
/// Reading it takes no lock: a writer may continue at the same time, and ``DatabaseFile/holds(_:)``
/// says afterwards whether the pages read belong together.
struct Tree {
  let file: DatabaseFile
  let meta: MetaPage
  let root: UInt64
  let depth: Int
  let entryCount: UInt64

  /// An entry of the tree.
  @safe struct Entry {
    /// Valid until the visit of the entry ends.
    let key: UnsafeRawBufferPointer
    /// Where the value is in the file.
    let offset: Int
    let byteCount: Int
    /// The value if it is within the leaf, valid until the visit ends; nil for one on pages of its
    /// own, which no transaction moves.
    let inline: UnsafeRawBufferPointer?
    let isTree: Bool
  }

  /// LMDB's own limit of a tree's depth.
  static let maximumDepth = 32

  /// Flags of trees whose keys or values have another order: sorted backwards, several values per
  /// key, integer keys.
  private static let unsupportedFlags = 0x02 | TreeRecord.hasDuplicates | TreeRecord.hasIntegerKeys

  init(_ file: DatabaseFile, _ meta: MetaPage) throws(StoreError) { try self.init(file, meta, meta.main) }

  /// The tree of a named database, whose record is the value of its name.
  init(_ file: DatabaseFile, _ meta: MetaPage, _ record: TreeRecord) throws(StoreError) {
    guard record.flags & Self.unsupportedFlags == 0 else {
      throw StoreError(
        .unsupported, "the database has integer keys, reversed keys or several values per key",
        remedy: "copy it to a database with byte keys")
    }
    guard record.depth <= Self.maximumDepth else {
      throw StoreError(.corrupt, "the database is damaged: a tree has the impossible depth \(record.depth)")
    }
    self.file = file
    self.meta = meta
    root = record.root
    depth = Int(record.depth)
    entryCount = record.entryCount
  }

  /// Visits all entries in the order of their keys.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for anything that LMDB would not have written, and what
  ///   `visit` throws.
  func forEach(_ visit: (Entry) throws(StoreError) -> Void) throws(StoreError) {
    guard root != TreeRecord.emptyRoot else { return }
    var walk = TreeWalk(self)
    try walk.visit(root, depth: 1, visit)
    guard walk.entryCount == entryCount else {
      throw StoreError(
        .corrupt,
        "the database is damaged: it has \(walk.entryCount) entries, but its meta page says \(entryCount)")
    }
  }

  /// Visits the entry of a key, if there is one.
  func find(_ key: String, _ visit: (Entry) throws(StoreError) -> Void) throws(StoreError) {
    guard root != TreeRecord.emptyRoot else { return }
    let key = Array(key.utf8)
    var page = TreePage(pageSize: file.pageSize)
    var number = root
    for _ in 0..<max(1, depth) {
      try page.load(number, from: file)
      // The last node whose key is not greater; the first node of a branch has no key of its own.
      var low = 0
      var high = page.count
      while high - low > 1 {
        let middle = (low + high) / 2
        let range = try page.key(middle)
        let order = unsafe key.withUnsafeBytes {
          unsafe Self.compare(UnsafeRawBufferPointer(rebasing: page.bytes[range]), $0)
        }
        if order <= 0 { low = middle } else { high = middle }
      }
      if page.isBranch {
        number = try page.child(low)
        continue
      }
      guard low < page.count else { return }
      let range = try page.key(low)
      guard unsafe page.bytes[range].elementsEqual(key) else { return }
      return try visit(entry(page.leaf(low), of: page))
    }
    throw StoreError(.corrupt, "the database is damaged: the tree is deeper than its meta page says")
  }

  /// An entry, with its value checked to be within the file.
  func entry(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage
  ) throws(StoreError) -> Entry {
    let key = unsafe UnsafeRawBufferPointer(rebasing: page.bytes[leaf.key])
    let isTree = leaf.flags & TreePage.Leaf.isTree != 0
    guard leaf.flags & TreePage.Leaf.hasDuplicates == 0 else {
      throw unsafe page.damaged("has a key of several values").at(key: Self.name(key))
    }
    guard leaf.flags & TreePage.Leaf.isBig != 0 else {
      let value = leaf.data..<leaf.data + leaf.valueByteCount
      return unsafe Entry(
        key: key, offset: Int(page.number) * file.pageSize + leaf.data, byteCount: leaf.valueByteCount,
        inline: UnsafeRawBufferPointer(rebasing: page.bytes[value]), isTree: isTree)
    }
    let first = unsafe page.bytes.loadUnaligned(fromByteOffset: leaf.data, as: UInt64.self)
    guard first >= 2, first < UInt64(file.pageCount) else {
      throw unsafe Self.outside(leaf.valueByteCount, first).at(key: Self.name(key))
    }
    let offset = Int(first) * file.pageSize + TreePage.headerByteCount
    guard leaf.valueByteCount <= file.map.byteCount - offset else {
      throw unsafe Self.outside(leaf.valueByteCount, first).at(key: Self.name(key))
    }
    return unsafe Entry(
      key: key, offset: offset, byteCount: leaf.valueByteCount, inline: nil, isTree: isTree)
  }

  private static func outside(_ byteCount: Int, _ page: UInt64) -> StoreError {
    StoreError(
      .corrupt,
      "the file is cut short or damaged: it ends before the \(byteCount) bytes from page \(page)")
  }

  /// LMDB's order of keys: by bytes, shorter ones first.
  static func compare(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    let count = min(first.count, second.count)
    for index in 0..<count {
      let (a, b) = unsafe (first[index], second[index])
      if a != b { return a < b ? -1 : 1 }
    }
    return first.count - second.count
  }

  /// A key as an error names it.
  static func name(_ key: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: key, as: UTF8.self)
  }
}
