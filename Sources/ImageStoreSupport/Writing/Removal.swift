package import ImageStoreCore

extension WritableStoreFormat {
  /// Writes a store of this kind again without some of its images, in the same place and layout.
  ///
  /// The whole store is checked first, because the new store gets new checksums.
  ///
  /// - Parameters:
  ///   - indices: the images to leave out; an index that occurs twice counts once.
  ///   - view: the view of the remaining store that is written.
  ///   - progress: called from time to time with the number of images written.
  package func remove(
    _ indices: some Sequence<Int>, from path: String, threads: Int?,
    through view: (any ImageStore) -> any ImageStore = { $0 }, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    func open() throws(StoreError) -> any ImageStore {
      guard let store = try self.open(path, StoreDescription(), threads: threads).first else {
        throw StoreError(.unrecognized, "this is not a store that images can be removed from", path: path)
      }
      return store.store
    }
    let store = try open()
    if let other = try otherContents(at: path) {
      throw StoreError(
        .unsupported,
        "removing images writes the store again, which is not done here because this is \(other)",
        remedy:
          "move files that are not part of the store out of it; convert a store of another program, or a part of a store, to a new one",
        path: path)
    }
    var isKept = [Bool](repeating: true, count: store.count)
    for index in indices {
      guard isKept.indices.contains(index) else {
        throw .indexOutOfRange(index, count: store.count).at(path: path)
      }
      isKept[index] = false
    }
    guard isKept.contains(false) else { return }
    var options = optionsOfSameKind(as: store)
    options.threads = threads
    options.mode = .replace
    do {
      try withoutActuallyEscaping(view) { view in
        try withoutActuallyEscaping(progress) { progress in
          try makeWriter(
            to: path, options, classNames: store.classNames,
            for: RemovingUser(
              kept: isKept.indices.filter { isKept[$0] }, known: store, open: open, view: view,
              progress: progress))
        }
      }
    } catch let error as StoreError {
      throw error.at(path: path).outsideWorkFolder
    } catch {
      throw StoreError(.system, "\(error)", path: path)
    }
  }
}

/// Appends the remaining images of a store, and finishes. No other writer works on the store once
/// this writer exists.
private struct RemovingUser: WriterUser {
  let kept: [Int]
  /// The store as it was when its images were chosen.
  let known: any ImageStore
  let open: () throws(StoreError) -> any ImageStore
  let view: (any ImageStore) -> any ImageStore
  let progress: (_ written: Int) -> Void

  func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    let store = try open()
    guard store.count == known.count, store.classNames == known.classNames else {
      throw StoreError(
        .busy, "another program changed it in the meantime", remedy: "check what it changed, and remove again"
      )
    }
    try store.verify()
    try writer.append(contentsOf: view(store.subset(kept)), progress: progress)
    _ = try writer.finish()
  }
}
