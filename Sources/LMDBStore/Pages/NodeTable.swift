internal import ImageStoreCore

/// Checks of a page's nodes that a reader does not need but liblmdb relies on: it moves nodes
/// within the page by the header and their own lengths.
struct NodeTable {
  /// The length of the node that begins at an even offset, 0 if none does.
  private var lengths: [UInt16]

  init(pageSize: Int) { lengths = [UInt16](repeating: 0, count: pageSize / 2) }

  /// Checks that a branch or leaf has no other flags, and that its nodes are one after another from
  /// the upper bound to the end of the page, none longer than leaves room for a second.
  mutating func check(_ page: borrowing TreePage) throws(StoreError) {
    let kind = page.isBranch ? TreePage.branchFlag : TreePage.leafFlag
    guard page.flags == kind || (page.hasFixedKeys && page.flags == kind | TreePage.fixedKeysFlag) else {
      throw page.damaged("has flags that a page on disk cannot have")
    }
    if page.hasFixedKeys { return }
    let most = (page.byteCount - TreePage.headerByteCount) / 2
    for index in 0..<page.count {
      let node = try page.node(index)
      let length: Int
      if page.isBranch {
        length = try page.key(index).upperBound - node
      } else {
        let leaf = try page.leaf(index)
        length = leaf.data - node + (leaf.flags & TreePage.Leaf.isBig != 0 ? 8 : leaf.valueByteCount)
      }
      guard length <= most else { throw page.damaged("has a node of \(length) bytes, which is impossible") }
      guard node & 1 == 0, lengths[node / 2] == 0 else { throw page.damaged("has two nodes in one place") }
      lengths[node / 2] = UInt16(length + length & 1)
    }
    var end = page.upper
    for _ in 0..<page.count {
      guard end < page.byteCount, end & 1 == 0, lengths[end / 2] > 0 else {
        throw page.damaged("has nodes that do not follow one another")
      }
      let length = Int(lengths[end / 2])
      // Ready for the next page; after an error there is none.
      lengths[end / 2] = 0
      end += length
    }
    guard end == page.byteCount else { throw page.damaged("has nodes that do not follow one another") }
  }
}
