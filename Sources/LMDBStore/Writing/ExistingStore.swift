internal import ImageStoreCore
internal import ImageStoreSupport

/// A store that images are appended to, read and checked before its environment is opened.
struct ExistingStore {
  let layout: ImageSink.Layout
  let store: LMDBStore
  let tails: RecordTails
  /// The keys of images that an unfinished append left.
  private let unfinished: [String]

  var count: Int { store.count }

  /// - Throws: ``StoreError/Code/corrupt`` for damaged data that the new commit would confirm or
  ///   liblmdb would trust.
  init(_ held: HeldStore, _ asked: LMDBStore.Layout) throws(StoreError) {
    guard held.kind == .folder else {
      throw StoreError(
        .unsupported, "images can be appended only to a folder with a data.mdb",
        remedy: "convert it to a new store", path: held.path)
    }
    store = try LMDBStore(toBeAppendedTo: held.path)
    layout = try Self.layout(of: store, asked: asked)
    tails = try RecordTails(of: store)
    unfinished =
      try store.contents.unfinished?.keys(hasBlocks: store.count > 0 ? store.contents.hasBlocks : nil) ?? []
  }

  private static func layout(
    of store: LMDBStore, asked: LMDBStore.Layout
  ) throws(StoreError) -> ImageSink.Layout {
    if store.contents.isEncoded {
      guard asked == .automatic || asked == .encoded else {
        throw StoreError(
          .unsupported, "the store has encoded images",
          remedy: "append without a layout, or with the layout encoded",
          path: store.path)
      }
      return .encoded
    }
    guard asked != .encoded else {
      throw StoreError(
        .unsupported, "the store has pixels, so encoded images cannot be appended to it as they are",
        remedy: "append without the layout, so that they are decoded, or write a new store", path: store.path)
    }
    guard store.contents.hasBlocks, let format = store.format else {
      return store.count > 0 || asked == .perImage ? .single : .undecided
    }
    guard asked == .automatic else {
      throw StoreError(
        .unsupported, "the store has many images per value", remedy: "append without a layout",
        path: store.path)
    }
    let pageSize = store.contents.file.pageSize
    return .blocks(format, imagesPerBlock: ImageValue.imagesPerBlock(format, pageSize: pageSize))
  }

  /// The state of a writer that appends to the store.
  func state(path: String, classNames: [String]?) throws(StoreError) -> WriterState {
    var existing = WriterState.Existing(
      count: count, classNames: store.classNames, hasLabels: false, columns: [:])
    if case .records(let records) = store.contents.labels {
      existing.hasLabels = records.segments[StoreKey.labels] != nil
      for name in records.columnNames {
        existing.columns[name] = try records.segments[StoreKey.column(name)]?.columnKind(
          hasOffsets: records.offsets(of: StoreKey.column(name)) != nil, in: store.contents.file)
      }
    }
    return try WriterState(path: path, classNames: classNames, appendingTo: existing) {
      () throws(StoreError) in try store.labels()
    }
  }

  /// Removes the images of an unfinished append.
  func removeUnfinished(_ environment: Environment) throws(StoreError) {
    try remove(unfinished, environment)
  }

  /// Removes the images that have been added to the database.
  func removeNew(_ environment: Environment) throws(StoreError) {
    let new = try Snapshot.readLast(of: store.contents.file) { (tree) throws(StoreError) in
      var new = UnfinishedImages()
      try tree.forEach { (entry) throws(StoreError) in
        if let first = unsafe StoreKey.firstImage(entry.key), first >= count {
          new.append(entry, in: tree.file, isEncoded: store.contents.isEncoded)
        }
      }
      return try new.keys(hasBlocks: nil)
    }
    try remove(new, environment)
  }

  /// Removes images past the count. No reader has ever counted them, so nobody reads their pages.
  private func remove(_ keys: [String], _ environment: Environment) throws(StoreError) {
    let step = 1024
    for start in stride(from: 0, to: keys.count, by: step) {
      try environment.write(step * 64) { (transaction) throws(StoreError) in
        for key in keys[start..<min(start + step, keys.count)] { try transaction.remove(key) }
      }
    }
  }
}
