internal import FileStore
internal import ImageStoreCore
internal import StoreIO

/// Folders of PNGs.
struct FileFormat: WritableStoreFormat {
  let name = "file"
  let summary = "a folder of PNGs, with labels.csv, {N}.csv, or a folder a class"
  let suffixes: [String] = []
  let layouts = FileStore.Layout.allCases.map(\.rawValue)

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool { FileSystem.kind(of: path) == .folder }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    [StorePart(try FileStore(at: path))]
  }

  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    try FileStore.write(
      source, to: path, mode: options.mode, layout: options.layout.flatMap(FileStore.Layout.init(rawValue:)),
      compression: options.compression ?? .fast, progress: progress)
  }
}
