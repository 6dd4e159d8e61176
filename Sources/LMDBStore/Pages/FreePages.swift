internal import ImageStoreCore
internal import StoreIO

/// The pages that a transaction may use again.
enum FreePages {
  /// Checks what liblmdb believes of them without looking: that each list is as long as it says and in order,
  /// and that its pages are some of the database's.
  ///
  /// Source: LMDB 0.9, `midl.h`: a count, then that many page numbers, the greatest first.
  static func check(_ tree: Tree) throws(StoreError) {
    let file = tree.file
    try Tree(freePagesOf: tree).forEach { (entry) throws(StoreError) in
      guard unsafe entry.key.count == 8, !entry.isTree,
        let list = unsafe entry.inline ?? file.map.bytes(at: entry.offset, count: entry.byteCount),
        let count = unsafe list.integer(UInt64.self, at: 0), count < UInt64(file.pageCount),
        list.count / 8 > Int(count)
      else { throw damaged }
      var last = tree.meta.lastPage + 1
      for position in 0..<Int(count) {
        let page = unsafe list.loadUnaligned(fromByteOffset: 8 + 8 * position, as: UInt64.self)
        guard page >= 2, page < last else { throw damaged }
        last = page
      }
    }
  }

  private static var damaged: StoreError {
    StoreError(
      .corrupt, "a damaged list of free pages", remedy: "write the images to a new store")
  }
}
