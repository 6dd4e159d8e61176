public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Opens the splits of a file whose images have names that indicate splits, such as `x_train` and
  /// `x_test`, `train_images` and `test_images`, or `train/images` and `test/images`, together with
  /// the labels whose names match.
  ///
  ///     let splits = try HDF5Store.splits(at: "digits.h5")
  ///     if let training = splits[.training] { try LMDBStore.write(training, to: "digits.lmdb") }
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - description: the description of it, apart from the names of images and labels.
  ///   - threads: how many threads a large call may use; nil means one per processor.
  /// - Returns: the splits of the file; none if it is not divided.
  /// - Throws: as ``init(at:_:threads:)``.
  public static func splits(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) -> [Split: HDF5Store] {
    try splits(of: LibraryFile(path.storePath()), description, threads: threads)
  }

  /// Opens the splits of a file that is open.
  static func splits(
    of library: LibraryFile, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [Split: HDF5Store] {
    if library.hasMetadataChecksum { return [:] }
    let splits = try library.withFile { (session, file) throws(StoreError) -> [(Split, HDF5Contents)] in
      let reader = ContentsReader(library)
      var splits: [(Split, HDF5Contents)] = []
      for (split, images) in try reader.splits(session, file) {
        splits.append((split, try reader.read(session, file, description, images: images)))
      }
      let names = splits.reduce(into: Set<String>()) { $0.formUnion($1.1.names) }
      guard !splits.isEmpty else { return [] }
      Self.shareClasses(&splits)
      let unread = try reader.unread(session, file, except: names)
      for position in splits.indices { splits[position].1.notes += unread }
      return splits
    }
    var stores: [Split: HDF5Store] = [:]
    for (split, contents) in splits {
      stores[split] = try HDF5Store(library, contents, description, threads: threads)
    }
    return stores
  }

  private static func shareClasses(_ splits: inout [(Split, HDF5Contents)]) {
    let names = splits.map { $0.1.records.foundLabels == nil ? nil : $0.1.records.classNames }
    guard let shared = SharedClasses(of: names) else { return }
    for position in splits.indices {
      splits[position].1.records.foundLabels = splits[position].1.records.foundLabels.map {
        shared.translate($0, from: names[position] ?? [])
      }
      splits[position].1.records.classNames = shared.names
    }
  }
}

extension ContentsReader {
  /// The images of the splits: datasets and groups whose names say which they are, or groups of
  /// images, of classes or of samples whose name is that of a split.
  fileprivate func splits(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> [(Split, FoundImages)] {
    let names = try session.arrayNames(in: handle, fileByteCount: file.byteCount)
    var found = ArrayNames.find(in: names) { hasShapeOfImages(session, handle, $0) == true }
    // Opening datasets of other shapes reports what is wrong with them.
    if found.isEmpty { found = ArrayNames.find(in: names) { hasShapeOfImages(session, handle, $0) != nil } }
    var splits: [(Split, FoundImages)] = []
    for names in found {
      if let split = names.split { splits.append((split, .object(names.images))) }
    }
    // `extra/images` next to `train/images` and `test/images` is a split too.
    let own = Set(
      found.filter { $0.split != nil }.compactMap { $0.images.split(separator: "/").dropFirst().first })
    if own.count == 1, let own = own.first {
      for name in names where !name.contains("/") && ArrayNames.split(named: name) == nil {
        let images = "\(name)/\(own)"
        guard names.contains(images), hasShapeOfImages(session, handle, images) == true else { continue }
        splits.append((Split(rawValue: name), .object(images)))
      }
    }
    guard found.isEmpty else { return splits }
    for name in names where !name.contains("/") {
      guard let split = ArrayNames.split(named: name), !splits.contains(where: { $0.0 == split }),
        let object = try? session.open(name, in: handle), session.isGroup(object),
        let images = try within(session, handle, name, isNamed: true)
      else { continue }
      splits.append((split, images))
    }
    return splits
  }
}
