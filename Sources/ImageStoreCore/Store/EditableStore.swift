/// A store that can be changed in place: its labels, columns and class names can be edited, and
/// images can be removed.
///
///     try LMDBStore.edit("train.lmdb") { store in
///       try store.relabeled(images: [17: 3, 98: 0]).renamingClasses(["cat": "kitten"])
///     }
///     try LMDBStore.remove([5, 9], from: "train.lmdb")
///
/// Every change that a view makes to labels, columns or class names can be written. So an edit can
/// be tried on a view first, and the view written if it is right.
public protocol EditableStore: ImageStore, AnyObject {
  /// Changes labels, columns and class names of a store in place, without touching its pixels.
  ///
  /// A reader that opens the store finds it either unchanged or completely changed, even if the
  /// process is killed in between, and no other writer can work on it at the same time. Stores that
  /// are already open give the same answers as before; only an `LMDBStore` whose labels or columns
  /// were not read yet throws ``StoreError/Code/busy`` once further commits follow.
  ///
  /// The cost depends on the format: a folder of images gets a new `labels.csv`; an archive the
  /// values that change and its directory, past its end; LMDB a transaction with the records that
  /// change, of up to 65,536 images each; packed masks new files of what changes. HDF5 has no
  /// journal, so the whole file is written again next to the old one.
  ///
  /// - Parameters:
  ///   - path: where the store is.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - change: takes the store and returns it with other labels, columns or class names, as
  ///     ``ImageStore/relabeled(images:)``, ``ImageStore/withColumns(_:)``,
  ///     ``ImageStore/withoutColumns(_:)`` and ``ImageStore/renamingClasses(_:)`` do. If nothing
  ///     changes, nothing is written.
  /// - Returns: the store as it is now.
  /// - Throws: what `change` throws; ``StoreError/Code/notFound``; ``StoreError/Code/busy`` while
  ///   another writer is working; ``StoreError/Code/invalidArgument`` if the returned store has
  ///   other images; ``StoreError/Code/unsupported`` for a store of another program; what an append
  ///   throws.
  @discardableResult
  static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: Self) throws -> any ImageStore
  ) throws -> Self

  /// Removes images from a store.
  ///
  /// The store is checked and written again without them, in the same layout; then it replaces the
  /// old one in one step. This takes the disk space and the time of a copy. The remaining images
  /// have indices from 0 on.
  ///
  /// - Parameters:
  ///   - indices: which images; an index that occurs twice counts once.
  ///   - path: where the store is. If it is a folder, there may be nothing else in it.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - progress: called from time to time with the number of images written.
  /// - Returns: the store as it is now.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/corrupt`` for a damaged
  ///   store, which stays as it is; ``StoreError/Code/busy`` while another writer is working;
  ///   ``StoreError/Code/unsupported`` for a store of another program, and for a folder or an
  ///   archive that has anything else in it.
  @discardableResult
  static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> Self
}

extension EditableStore {
  /// Changes labels, columns and class names of a store in place, with one thread per processor;
  /// see ``edit(_:threads:_:)``.
  @discardableResult
  public static func edit(
    _ path: some StorePath, _ change: (_ store: Self) throws -> any ImageStore
  ) throws -> Self {
    try edit(path, threads: nil, change)
  }

  /// Removes images from a store, with one thread per processor; see ``remove(_:from:threads:progress:)``.
  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath
  ) throws(StoreError) -> Self {
    try remove(indices, from: path, threads: nil, progress: { _ in })
  }
}
