internal import ImageStoreCore

/// A walk over all pages of a tree, which ends on any file: its depth is bounded, and so is the number of pages.
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
    guard pagesLeft > 0 else {
      throw StoreError(.corrupt, "a damaged database: pages of the tree lead in a circle")
    }
    pagesLeft -= 1
    var page = TreePage(pageSize: tree.file.pageSize)
    try page.load(number, from: tree.file)
    guard page.isBranch == (depth < tree.depth) else {
      throw page.damaged("is a \(page.isBranch ? "branch" : "leaf") at the depth \(depth)")
    }
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
    if entryCount > 0, try unsafe !isAfterLastKey(entry.key, of: page) {
      throw unsafe StoreError(
        .corrupt, "a damaged database: the key is out of order", key: Tree.name(entry.key))
    }
    lastKey.removeAll(keepingCapacity: true)
    unsafe lastKey.append(contentsOf: entry.key)
    entryCount += 1
    try body(entry)
  }

  private func isAfterLastKey(
    _ key: UnsafeRawBufferPointer, of page: borrowing TreePage
  ) throws(StoreError) -> Bool {
    try unsafe lastKey.span.withUnsafeBytes { (last) throws(StoreError) in
      guard tree.hasIntegerKeys else { return unsafe Tree.compare(last, key) < 0 }
      guard let (first, second) = unsafe Self.integers(last, key) else {
        throw page.damaged("has a key that is no number")
      }
      return first < second
    }
  }

  private static func integers(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) -> (UInt64, UInt64)? {
    guard first.count == 8, second.count == 8 else { return nil }
    return unsafe (first.loadUnaligned(as: UInt64.self), second.loadUnaligned(as: UInt64.self))
  }
}
