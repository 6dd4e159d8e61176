internal import ImageStoreCore

extension LMDBStore {
  /// Makes sure that what was just read was still the images of the commit that was opened.
  ///
  /// The writer of this package never frees pages that images are on, so for its stores there is nothing to
  /// do. Other programs replace and delete values, and the pages of those may hold something else once two
  /// more transactions have been committed, even under the same key.
  func checkUnchanged() throws(StoreError) {
    guard case .labels = contents.annotations else { return }
    guard contents.file.lastTransaction > contents.meta.transaction &+ 1 else { return }
    throw StoreError(
      .busy, "another program changed the database after it was opened", remedy: "open it again")
  }
}
