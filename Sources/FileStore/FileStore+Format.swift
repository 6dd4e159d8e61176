package import ImageStoreCore
package import ImageStoreSupport

/// Folders of PNGs.
package struct FileFormat: WritableStoreFormat {
  package let name = "file"
  package let summary = "a folder of PNGs, with labels.csv, {N}.csv, or a folder per class"
  package let options: Set<ImageStoreCore.StoreDescription.Option> = []
  package let suffixes: [String] = []
  package let layouts = FileStore.Layout.allCases.map(\.rawValue)
  package let variants = [
    StoreVariant("files", WriteOptions(threads: 2), traits: .opensImagesWhenRead),
    StoreVariant(
      "files-flat", WriteOptions(layout: FileStore.Layout.flat.rawValue, threads: 1),
      traits: .opensImagesWhenRead),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: ImageStoreCore.StoreDescription) -> Bool {
    FileSystem.kind(of: path) == .folder
  }

  package func open(
    _ path: String, _ description: ImageStoreCore.StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    [OpenedSplit(try FileStore(at: path, threads: threads))]
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try FileStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    try user.use(
      FileStore.Writer(
        to: path, mode: options.mode, layout: options.layout.flatMap(FileStore.Layout.init(rawValue:)),
        compression: options.compression ?? .fast, classNames: classNames, threads: options.threads))
  }
}
