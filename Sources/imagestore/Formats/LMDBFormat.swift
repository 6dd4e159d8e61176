internal import ImageStoreCore
internal import LMDBStore
internal import StoreIO

/// LMDB environments.
struct LMDBFormat: WritableStoreFormat {
  let name = "lmdb"
  let summary = "LMDB of .npy, pickled images, Datum, or raw values (--shape)"
  let suffixes = [".lmdb"]
  let layouts = LMDBStore.Layout.allCases.map(\.rawValue)

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool {
    let head = FileHead(path)
    // The magic number in the first meta page, in the byte order of the machines there are.
    return FileSystem.kind(of: "\(path)/data.mdb") != nil
      || head.begins(with: [0xDE, 0xC0, 0xEF, 0xBE], at: 16)
      || head.isThere && FileHead.hasSuffix(path, suffixes + [".mdb"])
  }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    [StorePart(try LMDBStore(at: path, rawFormat: hints.format()))]
  }

  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    guard options.compression == nil || options.compression == Compression.none else {
      throw StoreError(
        .unsupported, "values of LMDB are not compressed", remedy: "leave out --compression", path: path)
    }
    try LMDBStore.write(
      source, to: path, mode: options.mode,
      layout: options.layout.flatMap(LMDBStore.Layout.init(rawValue:)) ?? .automatic, progress: progress)
  }
}
