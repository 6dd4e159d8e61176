internal import ImageStoreCore
internal import Synchronization

extension LMDBStore {
  /// Makes sure that what was just read was still of the commit that was opened.
  ///
  /// Two commits later, pages that were freed since may hold something else. The writer of this package never frees pages that
  /// images or records of the images are on; other programs replace and delete values, and their pages may hold something else
  /// even under the same key.
  func checkUnchanged() throws(StoreError) {
    // Pages of a commit are written over when the third after it begins: see `DatabaseFile.holds`.
    guard contents.file.lastTransaction > lastKnown.load(ordering: .relaxed) &+ 1 else { return }
    guard let last = try lastCommitOfOwnWriters() else {
      throw StoreError(
        .busy, "another program changed the database after it was opened", remedy: "open it again", path: path
      )
    }
    lastKnown.max(last, ordering: .relaxed)
  }

  /// The last commit, if writers of this package alone have written since the store was opened.
  private func lastCommitOfOwnWriters() throws(StoreError) -> UInt64? {
    guard case .records = contents.annotations else { return nil }
    return try Snapshot.readLast(of: contents.file) { (tree) throws(StoreError) in
      guard let written = try StoreMetadata(tree)?.transactions, written.last == tree.meta.transaction,
        written.first <= contents.meta.transaction &+ 1
      else { return nil }
      return written.last
    }
  }

  /// Reads something of the commit that was opened, and says so if it is no more of that commit.
  @inline(__always)
  func readingUnchanged<Result: ~Copyable>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      let result = try body()
      try checkUnchanged()
      return result
    } catch {
      // What has been written over looks damaged.
      if error.code == .corrupt { try checkUnchanged() }
      throw error
    }
  }
}
