package import ImageStoreCore
package import ImageStoreSupport

/// LMDB environments.
package struct LMDBFormat: WritableStoreFormat {
  package let name = "lmdb"
  package let summary = "LMDB of .npy, PNG, pickled images, Datum, or raw values (--shape)"
  package let options = LMDBStore.options
  package let suffixes = [".lmdb"]
  package let layouts = LMDBStore.Layout.allCases.map(\.rawValue)
  package let variants = [
    StoreVariant("lmdb", WriteOptions(threads: 2)),
    StoreVariant("lmdb-per-image", WriteOptions(layout: LMDBStore.Layout.perImage.rawValue, threads: 1)),
    StoreVariant(
      "lmdb-encoded", WriteOptions(layout: LMDBStore.Layout.encoded.rawValue, threads: 2), images: .mixed),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    let head = FileHead(path)
    // The magic number in the first meta page, in the byte order of today's machines.
    return FileSystem.kind(of: "\(path)/data.mdb") != nil
      || head.begins(with: [0xDE, 0xC0, 0xEF, 0xBE], at: 16)
      || head.isThere && FileHead.hasSuffix(path, suffixes + [".mdb"])
  }

  package func describesItself(_ path: String) -> Bool {
    let isOurs = try? Snapshot.read(LMDBStore.dataFile(of: path)) { (tree) throws(StoreError) in
      try StoreMetadata(tree) != nil
    }
    return isOurs ?? false
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    let store = try LMDBStore(described: path, description, threads: threads)
    return [OpenedSplit(store.contents.hasSwappedChannels ? store.swappingChannels() : store)]
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try LMDBStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    guard options.compression == nil || options.compression == Compression.none else {
      throw StoreError(
        .unsupported, "LMDB values are not compressed", remedy: "leave out --compression", path: path)
    }
    try user.use(
      LMDBStore.Writer(
        to: path, mode: options.mode,
        layout: options.layout.flatMap(LMDBStore.Layout.init(rawValue:)) ?? .automatic,
        encoding: options.encoding, classNames: classNames, threads: options.threads))
  }
}

extension LMDBStore {
  /// A few words on the contents of a path that are not part of a finished store that this package
  /// wrote; nil if there are none.
  ///
  /// The folder may have the data file, LMDB's lock, and the work folder of an append that died.
  /// The data file must be a database that has only values of a writer of this package.
  static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path, followingLinks: false) == .folder else { return "not a folder" }
    let folder = try Folder(path)
    for name in try folder.names() {
      let isExpected =
        switch name {
        // The lock is not opened: closing it would give up the locks that this process has on it.
        case EnvironmentFiles.data, EnvironmentFiles.lock: folder.kind(of: name) == .file
        default: try folder.isWorkFolder(name)
        }
      guard isExpected else { return "a folder with \(name)" }
    }
    guard folder.kind(of: EnvironmentFiles.data) == .file else { return "a folder without a data.mdb" }
    do throws(StoreError) {
      let store = try LMDBStore(toBeAppendedTo: path)
      return try store.stranger().map { "a database with a value of another program, \($0)" }
    } catch {
      switch error.code {
      case .unsupported: return "a database of another program or a later release"
      case .corrupt, .unrecognized, .limitExceeded: return "a damaged database (\(error.message))"
      default: throw error
      }
    }
  }

  /// The key of a value that no writer of this package writes, if there is one.
  private func stranger() throws(StoreError) -> String? {
    guard case .records(let records) = contents.labels else { return nil }
    let known = [StoreKey.metadata, StoreKey.classNames, StoreKey.checksum(of: StoreKey.classNames)]
    let others =
      records.segments.keys.filter { !StoreKey.isRecord($0) }
      + records.singles.keys.filter { !known.contains($0) }
    if let first = others.min() { return first }
    do throws(StoreError) {
      _ = try contents.unfinished?.keys(hasBlocks: count > 0 ? contents.hasBlocks : nil)
      return nil
    } catch {
      return error.key
    }
  }
}
