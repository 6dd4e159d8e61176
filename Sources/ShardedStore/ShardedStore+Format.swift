package import ImageStoreCore
package import ImageStoreSupport
import ObjectStorage

/// Folders of shards.
package struct ShardedFormat: WritableStoreFormat {
  package let name = "sharded"
  package let summary = "a folder of shards with a manifest, for data sets of many files"
  package let options: Set<StoreDescription.Option> = []
  package let suffixes = [".shards"]
  package let layouts = [ShardedStore.Layout.encoded.rawValue]
  package let variants = [
    StoreVariant("sharded", WriteOptions(threads: 2, shardSize: 1 << 16)),
    StoreVariant(
      "sharded-encoded",
      WriteOptions(layout: ShardedStore.Layout.encoded.rawValue, threads: 2, shardSize: 1 << 18),
      images: .mixed),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    if ObjectStorage.isLocation(path) { return true }
    guard FileSystem.kind(of: path) == .folder, let folder = try? LocalObjectFolder(path),
      let (bytes, _) = try? folder.contents(of: ShardNames.manifest, limit: ShardManifest.mostBytes)
    else { return false }
    return ShardManifest.isManifest(bytes)
  }

  package func describesItself(_ path: String) -> Bool { true }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    [OpenedSplit(try ShardedStore(at: path, threads: threads))]
  }

  package let hasShards = true

  package func removeOrphans(at path: String) throws(StoreError) -> [String]? {
    try ShardedStore.removeOrphans(at: path)
  }

  package func details(of store: any ImageStore) -> [(name: String, text: String)] {
    (store as? ShardedStore).map { [("shards", String($0.shardCount))] } ?? []
  }

  package func bytesOnDisk(at path: String) throws(StoreError) -> (apparent: Int, allocated: Int) {
    guard ObjectStorage.isLocation(path) else { return try FileSystem.bytesOnDisk(path) }
    let folder = try ShardedStore.folder(at: path)
    guard let (manifest, _) = try ShardedContents.manifest(of: folder) else {
      throw ShardedContents.missing(in: folder)
    }
    let byteCount = manifest.shards.reduce(manifest.index.bytes) { $0 + $1.bytes }
    return (byteCount, byteCount)
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try ShardedStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    if let compression = options.compression, compression != .none {
      throw StoreError.unusedOption(
        "compression", "shards are not compressed, so that an image can be read by its position")
    }
    try user.use(
      ShardedStore.Writer(
        to: path, mode: options.mode, shardSize: options.shardSize ?? ShardedStore.usualShardSize,
        layout: options.layout.flatMap(ShardedStore.Layout.init(rawValue:)), encoding: options.encoding,
        classNames: classNames, threads: options.threads))
  }
}
