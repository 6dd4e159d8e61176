internal import ImageStoreCore
internal import StoreIO

/// A store that images are appended to, read before its environment is opened.
struct ExistingStore {
  let count: Int
  let layout: ImageSink.Layout
  private let path: String
  private let store: LMDBStore
  private let records: StoreRecords

  /// Locks the folder and reads the store.
  init(
    _ path: String, _ layout: LMDBStore.Layout, lock: inout File?, entry: inout EnvironmentRegistry.Entry?
  ) throws(StoreError) {
    guard FileSystem.kind(of: path) == .folder else {
      throw StoreError(
        .unsupported, "images are appended to a folder with a data.mdb only",
        remedy: "convert it to a store of its own", path: path)
    }
    let file = try File(path, .read)
    try file.lockForWriting()
    lock = consume file
    entry = try EnvironmentRegistry.Entry(path)
    // liblmdb believes what it reads, so whatever it will read is checked before it opens the file.
    let store = try LMDBStore(at: path, threads: 1)
    try Snapshot.read(LMDBStore.dataFile(of: path)) { (tree) throws(StoreError) in try FreePages.check(tree) }
    guard case .records(let records) = store.contents.annotations else {
      throw StoreError(
        .unsupported, "images cannot be appended to a database that another program wrote",
        remedy: "convert it to a store of its own", path: path)
    }
    self.path = path
    self.store = store
    self.records = records
    count = store.count
    self.layout = try Self.layout(of: store, asked: layout)
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

  /// Empty annotations of the same kind as those that are there.
  func annotations(classNames: [String]?) throws(StoreError) -> AnnotationRecords {
    if let classNames, let known = store.classNames, classNames != known {
      throw StoreError(
        .invalidArgument, "other class names than the store has",
        remedy: "append with the same or with none", path: path)
    }
    let isNew = store.classNames == nil
    guard count > 0 else { return AnnotationRecords(classNames: isNew ? classNames : nil) }
    var columns: [String: Column] = [:]
    for name in store.columnNames { columns[name] = Column(try store.columnKind(name)) }
    let labels: [Int]? = records.parts[StoreKey.labels] == nil ? nil : []
    return AnnotationRecords(
      classNames: isNew ? classNames : nil, following: Annotations(labels: labels, columns: columns))
  }

  /// Removes images that an append left that did not finish.
  func removeUnfinished(_ environment: Environment) throws(StoreError) {
    try Self.removeUnfinished(environment, path, from: count)
  }

  /// Removes the images from an index on. No reader has ever counted them, so nobody reads their pages.
  static func removeUnfinished(
    _ environment: Environment, _ path: String, from count: Int
  ) throws(StoreError) {
    let keys = try Snapshot.read(LMDBStore.dataFile(of: path)) { (tree) throws(StoreError) in
      var keys: [String] = []
      try tree.forEach { (entry) throws(StoreError) in
        if let first = unsafe StoreKey.firstImage(entry.key), first >= count {
          keys.append(unsafe Tree.name(entry.key))
        }
      }
      return keys
    }
    let step = 1024
    for start in stride(from: 0, to: keys.count, by: step) {
      try environment.write(step * 64) { (transaction) throws(StoreError) in
        for key in keys[start..<min(start + step, keys.count)] { try transaction.remove(key) }
      }
    }
  }
}
