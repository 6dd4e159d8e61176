internal import ImageStoreCore
internal import ImageStoreSupport

/// Counts every page of a database once, and checks everything that liblmdb trusts without checks.
///
/// Each page from the first after the meta pages to the last is in one place: the main tree or a
/// named one, a value, the tree of free pages, or one of its lists. A page in two places would be
/// written over while it is in use; a wrong flag, bound or key makes liblmdb write to a map that
/// cannot be written, lose entries, or end the process.
///
/// Source: LMDB 0.9, `mdb.c`; `mdb_audit` there counts in the same way.
struct PageCensus {
  enum Purpose {
    /// The pages that an append may free or overwrite. Values of the images that count stay where
    /// they are: the headers of their pages are not read, because that would read the whole file.
    case appending(imageCount: Int)
    /// All of a database that this package made.
    case verifyingStore
    /// All of a database that another program made, whose counts are not needed, and which may have
    /// lost pages: earlier releases of liblmdb lost some.
    case verifyingForeign

    /// Whether this package made the database: no page is lost, and the records of its trees are
    /// right. A writer must not confirm another state.
    var isOfOurs: Bool {
      switch self {
      case .appending, .verifyingStore: true
      case .verifyingForeign: false
      }
    }
  }

  enum Kind { case main, free, named, duplicates }

  /// The tree that is counted.
  struct Subject {
    let record: TreeRecord
    let kind: Kind
    var branchCount: UInt64 = 0
    var leafCount: UInt64 = 0
    var overflowCount: UInt64 = 0
    var entryCount: UInt64 = 0
    /// The last key, or the key of a branch that the next one must not be less than.
    var lastKey: [UInt8] = []
    var isLastOfBranch = false

    init(_ record: TreeRecord, _ kind: Kind) {
      self.record = record
      self.kind = kind
    }
  }

  let file: DatabaseFile
  let meta: MetaPage
  let purpose: Purpose
  private var nodes: NodeTable
  /// Branches and leaves.
  private var treePages: Set<UInt64> = []
  var runs = PageRuns()

  /// Checks a commit.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for anything that liblmdb would not have written.
  static func check(_ tree: Tree, _ purpose: Purpose) throws(StoreError) {
    var census = PageCensus(tree, purpose)
    try census.checkMetaPages()
    try census.count(Subject(tree.meta.main, .main))
    try census.count(Subject(tree.meta.free, .free))
    try census.checkRuns()
  }

  private init(_ tree: Tree, _ purpose: Purpose) {
    file = tree.file
    meta = tree.meta
    self.purpose = purpose
    nodes = NodeTable(pageSize: tree.file.pageSize)
  }

  var pageCount: UInt64 { UInt64(file.pageCount) }

  static func damaged(_ how: String) -> StoreError {
    StoreError(.corrupt, "the database is damaged: \(how)", remedy: "write the images to a new store")
  }

  // MARK: Meta pages

  private func checkMetaPages() throws(StoreError) {
    // Page numbers have 48 bits.
    guard meta.lastPage >= 1, meta.lastPage < 1 << 48 else {
      throw Self.damaged("its last page is said to be \(meta.lastPage), which is impossible")
    }
    // Flags of environments are with those of the tree of free pages: a fixed address, no folder.
    guard meta.free.flags & ~0x4001 == TreeRecord.hasIntegerKeys else {
      throw Self.damaged("the tree of free pages has the wrong flags \(meta.free.flags)")
    }
    if case .verifyingForeign = purpose { return }
    guard meta.main.flags == 0 else { throw Self.damaged("the tree has the wrong flags \(meta.main.flags)") }
    let (first, second) = file.metas()
    for (number, page) in [first, second].enumerated() {
      guard page.number == UInt64(number), page.flags == TreePage.metaFlag else {
        throw Self.damaged("page \(number) is not a meta page")
      }
      // liblmdb finds the page of a transaction by its number. One that nothing has been written to
      // has 0 in both.
      guard page.transaction & 1 == UInt64(number) || page.transaction == 0 else {
        throw Self.damaged("meta page \(number) is of the wrong transaction \(page.transaction)")
      }
    }
    // liblmdb 0.9 has no larger ones.
    if case .appending = purpose, file.pageSize > 32 << 10 {
      throw StoreError(
        .unsupported, "pages of \(file.pageSize) bytes, which liblmdb does not write",
        remedy: "write the images to a new store")
    }
  }

  // MARK: Trees

  private mutating func count(_ subject: consuming Subject) throws(StoreError) {
    let record = subject.record
    guard record.root != TreeRecord.emptyRoot else {
      guard record.depth == 0, record.entryCount == 0 else {
        throw Self.damaged("a tree without pages has \(record.entryCount) entries")
      }
      return
    }
    guard record.depth >= 1, record.depth <= Tree.maximumDepth else {
      throw Self.damaged("a tree has the impossible depth \(record.depth)")
    }
    try visit(record.root, depth: 1, &subject)
    // The counts of a tree of several values per key depend on the release of liblmdb.
    guard purpose.isOfOurs, record.flags & TreeRecord.hasDuplicates == 0,
      subject.kind != .duplicates
    else { return }
    guard subject.branchCount == record.branchCount, subject.leafCount == record.leafCount,
      subject.overflowCount == record.overflowCount, subject.entryCount == record.entryCount
    else { throw Self.damaged("a tree has more or fewer pages or entries than the file says") }
  }

  private mutating func visit(
    _ number: UInt64, depth: Int, _ subject: inout Subject
  ) throws(StoreError) {
    guard treePages.insert(number).inserted else { throw Self.isTwice(number) }
    runs.append(number, isFree: false)
    var page = TreePage(pageSize: file.pageSize)
    try page.load(number, from: file, allowsFixedKeys: subject.kind == .duplicates)
    try nodes.check(page)
    guard page.isBranch == (depth < Int(subject.record.depth)) else {
      throw page.damaged("is a \(page.isBranch ? "branch" : "leaf") at the depth \(depth)")
    }
    guard page.count > (page.isBranch ? 1 : 0) else { throw page.damaged("has too few nodes") }
    if page.isBranch {
      subject.branchCount += 1
      for index in 0..<page.count {
        // The first node of a branch is for all keys that are less than the second's.
        if index > 0 { try check(page.key(index), of: page, isOfBranch: true, &subject) }
        try visit(page.child(index), depth: depth + 1, &subject)
      }
    } else {
      subject.leafCount += 1
      if page.hasFixedKeys { return }
      for index in 0..<page.count { try visit(page.leaf(index), of: page, &subject) }
    }
  }

  private mutating func visit(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage, _ subject: inout Subject
  ) throws(StoreError) {
    try check(leaf.key, of: page, isOfBranch: false, &subject)
    subject.entryCount += 1
    guard leaf.flags & ~TreePage.Leaf.allFlags == 0 else { throw page.damaged("has a node of unknown flags") }
    let isTree = leaf.flags & TreePage.Leaf.isTree != 0
    if leaf.flags & TreePage.Leaf.isBig != 0 {
      guard leaf.flags == TreePage.Leaf.isBig else { throw page.damaged("has a node of unknown flags") }
      try addValue(leaf, of: page, &subject)
    } else if leaf.flags & TreePage.Leaf.hasDuplicates != 0 {
      guard subject.kind == .named, subject.record.flags & TreeRecord.hasDuplicates != 0 else {
        throw page.damaged("has a key of several values")
      }
      if isTree { try count(Subject(record(leaf, of: page), .duplicates)) }
    } else if isTree {
      guard subject.kind == .main else { throw page.damaged("has a tree in a place that cannot have one") }
      try count(Subject(record(leaf, of: page), .named))
    }
    guard subject.kind == .free else { return }
    let key = unsafe page.bytes.loadUnaligned(fromByteOffset: leaf.key.lowerBound, as: UInt64.self)
    try unsafe withValue(leaf, of: page) { (list) throws(StoreError) in
      try unsafe addFreePages(list, transaction: key)
    }
  }

  private func record(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage
  ) throws(StoreError) -> TreeRecord {
    guard leaf.valueByteCount == TreeRecord.byteCount else {
      throw page.damaged("has a tree record of \(leaf.valueByteCount) bytes, which is the wrong size")
    }
    return unsafe TreeRecord(page.bytes, at: leaf.data)
  }

  /// Checks that a key comes after those before it, and within the branches above. Only the
  /// programs that made other trees know their order.
  private func check(
    _ range: Range<Int>, of page: borrowing TreePage, isOfBranch: Bool, _ subject: inout Subject
  ) throws(StoreError) {
    guard subject.kind == .main || subject.kind == .free else { return }
    let key = unsafe UnsafeRawBufferPointer(rebasing: page.bytes[range])
    guard subject.kind == .main || key.count == 8 else {
      throw page.damaged("has a key that is not a number")
    }
    let isFirst = subject.lastKey.isEmpty
    let order = unsafe subject.lastKey.span.withUnsafeBytes { last in
      isFirst ? -1 : unsafe subject.kind == .main ? Tree.compare(last, key) : Self.compareIntegers(last, key)
    }
    // The least key below a node of a branch may be the node's own.
    guard unsafe !key.isEmpty, order < 0 || (order == 0 && subject.isLastOfBranch && !isOfBranch) else {
      throw page.damaged("has a key out of order")
    }
    subject.lastKey.removeAll(keepingCapacity: true)
    unsafe subject.lastKey.append(contentsOf: key)
    subject.isLastOfBranch = isOfBranch
  }

  private static func compareIntegers(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) -> Int {
    let (a, b) = unsafe (first.loadUnaligned(as: UInt64.self), second.loadUnaligned(as: UInt64.self))
    return a < b ? -1 : a > b ? 1 : 0
  }
}
