package import ImageStoreCore
package import ImageStoreSupport

/// numpy's archives of arrays.
package struct NPZFormat: WritableStoreFormat {
  package let name = "npz"
  package let summary = "numpy's .npz: an entry per image, or arrays such as x_train"
  package let suffixes = [".npz"]
  package let layouts: [String] = []
  package let variants = [
    StoreVariant("npz", WriteOptions(threads: 2), traits: .growsInPlace),
    StoreVariant(
      "npz-stored", WriteOptions(compression: Compression.none, threads: 1), traits: .growsInPlace),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: SourceDescription) -> Bool {
    let head = FileHead(path)
    return head.begins(with: [0x50, 0x4B]) || head.isThere && FileHead.hasSuffix(path, suffixes)
  }

  package func open(
    _ path: String, _ description: SourceDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    if description.images == nil && description.labels == nil {
      let splits = OpenedSplit.all(of: try NPZStore.parts(at: path, threads: threads))
      if !splits.isEmpty { return splits }
    }
    return [
      OpenedSplit(
        try NPZStore(at: path, images: description.images, labels: description.labels, threads: threads))
    ]
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try NPZStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    try user.use(
      NPZStore.Writer(
        to: path, mode: options.mode, compression: options.compression ?? .small, classNames: classNames,
        threads: options.threads))
  }
}
