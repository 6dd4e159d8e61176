internal import ImageStoreCore

/// A walk over all pages of a tree, which ends on any file: its depth is bounded, and so is the
/// number of pages, those of values among them. Even if many keys lead to one value, the walk finds
/// no more than the file has.
struct TreeWalk {
  private(set) var entryCount: UInt64 = 0
  private let tree: Tree
  private var pagesLeft: UInt64
  private var lastKey: [UInt8] = []

  init(_ tree: Tree) {
    self.tree = tree
    pagesLeft = UInt64(tree.file.pageCount)
    lastKey.reserveCapacity(512)
  }

  /// Visits the entries below a page.
  mutating func visit(
    _ number: UInt64, depth: Int, _ body: (Tree.Entry) throws(StoreError) -> Void
  ) throws(StoreError) {
    try take(1)
    var page = TreePage(pageSize: tree.file.pageSize)
    try page.load(number, from: tree.file)
    guard page.isBranch == (depth < tree.depth) else {
      throw page.damaged("is a \(page.isBranch ? "branch" : "leaf") at the depth \(depth)")
    }
    // Each leaf must bring a key, so that pages which lead to the same ones again and again are
    // found at the second.
    guard page.count > 0 || depth == 1 else { throw page.damaged("is a leaf without keys") }
    for index in 0..<page.count {
      if page.isBranch {
        try visit(page.child(index), depth: depth + 1, body)
      } else {
        try visit(page.leaf(index), of: page, body)
      }
    }
  }

  private mutating func visit(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage,
    _ body: (Tree.Entry) throws(StoreError) -> Void
  ) throws(StoreError) {
    let entry = try tree.entry(leaf, of: page)
    if entryCount > 0,
      unsafe lastKey.span.withUnsafeBytes({ unsafe Tree.compare($0, entry.key) >= 0 })
    {
      throw unsafe StoreError(
        .corrupt, "the database is damaged: the key is out of order", key: Tree.name(entry.key))
    }
    if unsafe entry.inline == nil {
      try take(TreePage.pageCount(ofValue: entry.byteCount, pageSize: tree.file.pageSize))
    }
    lastKey.removeAll(keepingCapacity: true)
    unsafe lastKey.append(contentsOf: entry.key)
    entryCount += 1
    try body(entry)
  }

  private mutating func take(_ pageCount: Int) throws(StoreError) {
    guard pagesLeft >= UInt64(pageCount) else {
      throw StoreError(.corrupt, "the database is damaged: its pages lead to more pages than the file has")
    }
    pagesLeft -= UInt64(pageCount)
  }
}
