internal import ImageStoreCore
internal import StoreIO
internal import Synchronization

extension LMDBStore {
  /// Makes sure that what was just read was still the images of the commit that was opened.
  ///
  /// The writer of this package never frees pages that images are on, so for its stores there is nothing to
  /// do. Other programs replace and delete values. Pages that such a transaction frees are written again by
  /// the second one after it at the earliest; when so many were committed, the tree is walked again.
  func checkUnchanged() throws(StoreError) {
    guard case .labels = contents.annotations else { return }
    let checked = lastChecked.load(ordering: .relaxed)
    guard contents.file.lastTransaction > checked &+ 1 else { return }
    let (meta, digest) = try Snapshot.read(contents.file.path) { (tree) throws(StoreError) in
      (tree.meta, try ForeignReader.digest(tree))
    }
    guard digest == contents.digest else {
      throw StoreError(
        .busy, "another program changed the images while the database was open", remedy: "open it again")
    }
    lastChecked.store(meta.transaction, ordering: .relaxed)
  }
}
