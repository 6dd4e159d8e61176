package import ImageStoreCore
package import ImageStoreSupport

/// LMDB environments.
package struct LMDBFormat: WritableStoreFormat {
  package let name = "lmdb"
  package let summary = "LMDB of .npy, pickled images, Datum, or raw values (--shape)"
  package let options: Set<StoreDescription.Option> = [.shape, .dtype]
  package let suffixes = [".lmdb"]
  package let layouts = LMDBStore.Layout.allCases.map(\.rawValue)
  package let variants = [
    StoreVariant("lmdb", WriteOptions(threads: 2)),
    StoreVariant("lmdb-per-image", WriteOptions(layout: LMDBStore.Layout.perImage.rawValue, threads: 1)),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    let head = FileHead(path)
    // The magic number in the first meta page, in the byte order of the machines there are.
    return FileSystem.kind(of: "\(path)/data.mdb") != nil
      || head.begins(with: [0xDE, 0xC0, 0xEF, 0xBE], at: 16)
      || head.isThere && FileHead.hasSuffix(path, suffixes + [".mdb"])
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    [OpenedSplit(try LMDBStore(at: path, rawFormat: description.statedFormat(), threads: threads))]
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try LMDBStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    guard options.compression == nil || options.compression == Compression.none else {
      throw StoreError(
        .unsupported, "values of LMDB are not compressed", remedy: "leave out --compression", path: path)
    }
    try user.use(
      LMDBStore.Writer(
        to: path, mode: options.mode,
        layout: options.layout.flatMap(LMDBStore.Layout.init(rawValue:)) ?? .automatic, classNames: classNames
      ))
  }
}
