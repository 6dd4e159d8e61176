internal import ImageStoreCore
internal import ImageStoreSupport

/// A store that images are appended to, read and checked before its environment is opened.
struct ExistingStore {
  let count: Int
  let layout: ImageSink.Layout
  /// Empty annotations of the same kind as those that are there, and the class names if they are new.
  let annotations: AnnotationRecords
  private let file: DatabaseFile
  private let path: String
  /// The keys of images that an append left that did not finish.
  private let unfinished: [String]

  /// - Throws: ``StoreError/Code/corrupt`` for what the new commit would vouch for, or liblmdb would believe, though it is damaged.
  init(
    _ held: HeldStore, _ asked: LMDBStore.Layout, classNames: [String]?
  ) throws(StoreError) {
    guard held.kind == .folder else {
      throw StoreError(
        .unsupported, "images are appended to a folder with a data.mdb only",
        remedy: "convert it to a store of its own", path: held.path)
    }
    let store = try LMDBStore(toBeAppendedTo: held.path)
    count = store.count
    layout = try Self.layout(of: store, asked: asked)
    annotations = try Self.annotations(of: store, classNames: classNames)
    file = store.contents.file
    path = held.path
    unfinished =
      try store.contents.unfinished?.keys(hasBlocks: count > 0 ? store.contents.hasBlocks : nil) ?? []
  }

  private static func layout(
    of store: LMDBStore, asked: LMDBStore.Layout
  ) throws(StoreError) -> ImageSink.Layout {
    guard store.contents.hasBlocks, let format = store.format else {
      return store.count > 0 || asked == .perImage ? .single : .undecided
    }
    guard asked == .automatic else {
      throw StoreError(
        .unsupported, "the store has many images to a value", remedy: "append without a layout",
        path: store.path)
    }
    let pageSize = store.contents.file.pageSize
    return .blocks(format, imagesPerBlock: ImageValue.imagesPerBlock(format, pageSize: pageSize))
  }

  private static func annotations(
    of store: LMDBStore, classNames: [String]?
  ) throws(StoreError) -> AnnotationRecords {
    if let classNames, let known = store.classNames, classNames != known {
      throw StoreError(
        .invalidArgument, "other class names than the store has",
        remedy: "append with the same or with none", path: store.path)
    }
    let newNames = store.classNames == nil ? classNames : nil
    guard store.count > 0, case .records(let records) = store.contents.annotations else {
      return AnnotationRecords(classNames: newNames)
    }
    var columns: [String: Column] = [:]
    for name in store.columnNames { columns[name] = Column(try store.columnKind(name)) }
    let labels: [Int]? = records.parts[StoreKey.labels] == nil ? nil : []
    return AnnotationRecords(
      classNames: newNames, following: Annotations(labels: labels, columns: columns))
  }

  /// Removes what an append left that did not finish.
  func removeUnfinished(_ environment: Environment) throws(StoreError) {
    try remove(unfinished, environment)
  }

  /// Removes the images that have been put into the database after those that were there.
  func removeNew(_ environment: Environment) throws(StoreError) {
    let new = try Snapshot.readLast(of: file) { (tree) throws(StoreError) in
      var new = UnfinishedImages()
      try tree.forEach { (entry) throws(StoreError) in
        if let first = unsafe StoreKey.firstImage(entry.key), first >= count {
          new.append(entry, in: tree.file)
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
