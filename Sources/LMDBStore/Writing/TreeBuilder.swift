/// The leaves and branches that lead to values on pages of their own, built from the values up.
///
/// Pages of one level are as full as one another; liblmdb allows no branch with a single child.
struct TreeBuilder {
  private let pageSize: Int
  private let firstPage: Int
  /// The pages, one after another.
  private(set) var bytes: [UInt8] = []
  private var leafCount = 0
  private var branchCount = 0
  /// The record of the tree for a meta page, except for the pages of values.
  private(set) var record = TreeRecord()

  var pageCount: Int { leafCount + branchCount }

  init(pageSize: Int, firstPage: Int) {
    self.pageSize = pageSize
    self.firstPage = firstPage
  }

  /// The node that a page of one level has for each page of the level below.
  private struct Node {
    let key: [UInt8]
    /// The lower six bytes of a node's eight, before the length of the key.
    let prefix: UInt64
    /// The number of the value's first page, in a leaf.
    var page: Int?

    /// Bytes in the page, with the two that say where it is.
    var byteCount: Int { 2 + (8 + key.count + (page == nil ? 0 : 8) + 1) & ~1 }
  }

  /// Builds the tree of values, which are given in the order of their first images.
  mutating func build(_ values: [DatabaseBuilder.Value], key: (_ first: Int) -> String) {
    guard !values.isEmpty else { return }
    record.entryCount = UInt64(values.count)
    var nodes = values.map { value in
      Node(
        key: Array(key(value.first).utf8),
        prefix: UInt64(value.byteCount) | UInt64(TreePage.Leaf.isBig) << 32, page: value.page)
    }
    // Keys of more digits than the others are between them.
    if nodes[0].key.count != nodes[nodes.count - 1].key.count {
      nodes.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }
    while true {
      let pages = appendLevel(nodes, record.depth == 0 ? .leaf : .branch)
      record.depth += 1
      guard pages.count > 1 else {
        record.root = UInt64(pages[0].number)
        record.leafCount = UInt64(leafCount)
        record.branchCount = UInt64(branchCount)
        return
      }
      nodes = pages.map { Node(key: $0.firstKey, prefix: UInt64($0.number)) }
    }
  }

  private mutating func appendLevel(
    _ nodes: [Node], _ kind: PageKind
  ) -> [(number: Int, firstKey: [UInt8])] {
    let largest = nodes.reduce(0) { max($0, $1.byteCount) }
    let most = (pageSize - TreePage.headerByteCount) / largest
    let count = (nodes.count + most - 1) / most
    var pages: [(number: Int, firstKey: [UInt8])] = []
    for page in 0..<count {
      let run = nodes.count * page / count..<nodes.count * (page + 1) / count
      let number = firstPage + pageCount
      appendPage(number, nodes[run], kind)
      pages.append((number, nodes[run.lowerBound].key))
      if kind == .leaf { leafCount += 1 } else { branchCount += 1 }
    }
    return pages
  }

  /// Appends a page, whose nodes are at its end in the order of their keys from the back.
  private mutating func appendPage(_ number: Int, _ nodes: ArraySlice<Node>, _ kind: PageKind) {
    var page = [UInt8](repeating: 0, count: pageSize)
    var upper = pageSize
    for (position, node) in nodes.enumerated() {
      // The first key of a branch is never looked at and left out.
      let key = kind == .branch && position == 0 ? [] : node.key
      var bytes: [UInt8] = []
      bytes.appendInteger(node.prefix | UInt64(key.count) << 48)
      bytes += key
      if let value = node.page { bytes.appendInteger(UInt64(value)) }
      upper -= (bytes.count + 1) & ~1
      page.replaceSubrange(upper..<upper + bytes.count, with: bytes)
      let entry = TreePage.headerByteCount + 2 * position
      page[entry] = UInt8(upper & 0xFF)
      page[entry + 1] = UInt8(upper >> 8)
    }
    var header: [UInt8] = []
    header.appendPageHeader(
      number, kind, lower: TreePage.headerByteCount + 2 * nodes.count, upper: upper)
    page.replaceSubrange(..<header.count, with: header)
    bytes += page
  }
}
