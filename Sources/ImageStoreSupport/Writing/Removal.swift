package import ImageStoreCore

extension WritableStoreFormat {
  /// Writes a store of this kind anew without some of its images, in its own place and layout.
  ///
  /// The store is checked whole first, since what is written anew gets new checksums.
  ///
  /// - Parameters:
  ///   - indices: the images to leave out; an index that occurs twice counts once.
  ///   - open: opens the store.
  ///   - optionsOfSameKind: how a store like this one is written.
  ///   - progress: called now and then with the number of images written.
  package func remove<Store: EditableStore>(
    _ indices: some Sequence<Int>, from path: String, open: () throws(StoreError) -> Store,
    optionsOfSameKind: (Store) -> WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    let store = try open()
    if let other = try otherContents(at: path) {
      throw StoreError(
        .unsupported, "images are removed by writing a store anew, and this is \(other)",
        remedy: "move other files away; write a store of another program, or a part of one, to a new store",
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
    var options = optionsOfSameKind(store)
    options.mode = .replace
    do {
      try withoutActuallyEscaping(open) { open in
        try withoutActuallyEscaping(progress) { progress in
          try makeWriter(
            to: path, options, classNames: store.classNames,
            for: RemovingUser(
              kept: isKept.indices.filter { isKept[$0] }, known: store, open: open, progress: progress))
        }
      }
    } catch let error as StoreError {
      throw error.at(path: path).outsideWorkFolder
    } catch {
      throw StoreError(.system, "\(error)", path: path)
    }
  }
}

/// Appends the images of a store that are kept, and finishes. No other writer is at work on it once there is a writer to append to.
private struct RemovingUser<Store: EditableStore>: WriterUser {
  let kept: [Int]
  /// The store as it was when its images were chosen.
  let known: Store
  let open: () throws(StoreError) -> Store
  let progress: (_ written: Int) -> Void

  func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    let store = try open()
    guard store.count == known.count, store.classNames == known.classNames else {
      throw StoreError(
        .busy, "another program changed it meanwhile", remedy: "look at what it did, and remove again")
    }
    try store.verify()
    try writer.append(contentsOf: store.subset(kept), progress: progress)
    _ = try writer.finish()
  }
}
