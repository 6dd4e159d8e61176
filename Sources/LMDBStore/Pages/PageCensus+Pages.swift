internal import ImageStoreCore
internal import ImageStoreSupport

/// Runs of pages and whether they are in use or free, in the order they were found.
struct PageRuns {
  struct Run {
    var first: UInt64
    /// The page after the last.
    var end: UInt64
    let isFree: Bool
  }

  private var runs: [Run] = []

  /// Adds pages. The caller has checked that the sum does not overflow.
  mutating func append(_ first: UInt64, count: UInt64 = 1, isFree: Bool) {
    // Values are one after another in most databases, and lists of free pages go downwards: it is
    // one run again and again.
    if let last = runs.last, last.isFree == isFree {
      if last.end == first {
        runs[runs.count - 1].end += count
        return
      }
      if first + count == last.first {
        runs[runs.count - 1].first = first
        return
      }
    }
    runs.append(Run(first: first, end: first + count, isFree: isFree))
  }

  /// The runs in the order of their pages.
  consuming func sorted() -> [Run] {
    runs.sort { $0.first < $1.first }
    return runs
  }
}

// The pages of values, the free ones, and then all of them.

extension PageCensus {
  /// Adds the pages of a value that has its own.
  mutating func addValue(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage, _ subject: inout Subject
  ) throws(StoreError) {
    let first = unsafe page.bytes.loadUnaligned(fromByteOffset: leaf.data, as: UInt64.self)
    let needed = UInt64(TreePage.pageCount(ofValue: leaf.valueByteCount, pageSize: file.pageSize))
    guard first >= 2, first < pageCount, needed <= pageCount - first else {
      throw page.damaged("has a value that is not in the file")
    }
    var count = needed
    if unsafe readsHead(UnsafeRawBufferPointer(rebasing: page.bytes[leaf.key]), subject) {
      let head = unsafe file.map.bytes(at: Int(first) * file.pageSize, count: TreePage.headerByteCount)
      guard let head = unsafe head else { throw page.damaged("has a value that is not in the file") }
      // A value that was replaced by a shorter one in one transaction keeps its pages.
      count = unsafe UInt64(head.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
      guard unsafe head.loadUnaligned(as: UInt64.self) == first,
        unsafe head.loadUnaligned(fromByteOffset: 10, as: UInt16.self) == TreePage.overflowFlag,
        count >= needed, count <= pageCount - first
      else { throw Self.damaged("page \(first) is not the first page of a value") }
    }
    subject.overflowCount += count
    runs.append(first, count: count, isFree: false)
  }

  private func readsHead(_ key: UnsafeRawBufferPointer, _ subject: borrowing Subject) -> Bool {
    guard case .appending(let imageCount) = purpose, subject.kind == .main,
      let image = unsafe StoreKey.firstImage(key)
    else { return true }
    return image >= imageCount
  }

  func withValue(
    _ leaf: TreePage.Leaf, of page: borrowing TreePage,
    _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard leaf.flags & TreePage.Leaf.isBig != 0 else {
      let value = leaf.data..<leaf.data + leaf.valueByteCount
      return try unsafe body(UnsafeRawBufferPointer(rebasing: page.bytes[value]))
    }
    let first = unsafe page.bytes.loadUnaligned(fromByteOffset: leaf.data, as: UInt64.self)
    let offset = Int(first) * file.pageSize + TreePage.headerByteCount
    guard let value = unsafe file.map.bytes(at: offset, count: leaf.valueByteCount) else {
      throw page.damaged("has a value that is not in the file")
    }
    try unsafe body(value)
  }

  /// Adds the pages that a transaction freed.
  ///
  /// Source: LMDB 0.9, `midl.h`: a count, then that many page numbers, the greatest first.
  mutating func addFreePages(
    _ list: UnsafeRawBufferPointer, transaction: UInt64
  ) throws(StoreError) {
    // liblmdb takes 0 for none.
    guard transaction >= 1, transaction <= meta.transaction,
      let count = unsafe list.integer(UInt64.self, at: 0), count < UInt64(list.count / 8)
    else { throw Self.damaged("a list of free pages is incomplete") }
    var last = meta.lastPage + 1
    for position in 0..<Int(count) {
      let page = unsafe list.loadUnaligned(fromByteOffset: 8 + 8 * position, as: UInt64.self)
      guard page >= 2, page < last else { throw Self.damaged("a list of free pages is out of order") }
      runs.append(page, isFree: true)
      last = page
    }
  }

  // MARK: All pages

  func checkRuns() throws(StoreError) {
    let end = meta.lastPage + 1
    var next: UInt64 = 2
    for run in runs.sorted() {
      guard run.first >= next else { throw Self.isTwice(run.first) }
      try checkGap(next..<run.first)
      next = run.end
      // A file may end before its last pages if they are free: nothing was ever written to them.
      guard next <= end, run.isFree || next <= pageCount else {
        throw Self.damaged("page \(next - 1) is in use, but the last page is \(min(end, pageCount) - 1)")
      }
    }
    try checkGap(next..<max(next, end))
  }

  /// Checks pages that are nowhere.
  private func checkGap(_ pages: Range<UInt64>) throws(StoreError) {
    guard !pages.isEmpty else { return }
    guard pages.upperBound <= pageCount else {
      throw Self.damaged(
        "its last page is said to be \(meta.lastPage), but the file has \(pageCount) pages")
    }
    if purpose.isOfOurs {
      throw Self.damaged("page \(pages.lowerBound) is neither in use nor free")
    }
  }

  static func isTwice(_ page: UInt64) -> StoreError { damaged("page \(page) is in two places") }
}
