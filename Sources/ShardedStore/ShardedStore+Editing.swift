public import ImageStoreCore
package import ImageStoreSupport
import ObjectStorage

extension ShardedStore: EditableStore {
  /// Writes an index and a manifest. Shards stay as they are, so the labels inside them are those
  /// from when they were written.
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: ShardedStore) throws -> any ImageStore
  ) throws -> ShardedStore {
    let path = try path.storePath()
    try checkIsHere(path)
    try ShardedWriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        _ = try ShardedStore(at: path, threads: 1)
        return try ShardedWriterSession(
          GrowingFolderTarget(path), path: path, layout: nil, shardSize: usualShardSize, ImageEncoding(),
          classNames: nil, threads: Workers.threadCount(threads))
      }, change)
    return try ShardedStore(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> ShardedStore {
    let path = try path.storePath()
    try checkIsHere(path)
    try ShardedFormat().remove(indices, from: path, threads: threads, progress: progress)
    return try ShardedStore(at: path, threads: threads)
  }

  private static func checkIsHere(_ path: String) throws(StoreError) {
    guard ObjectStorage.isLocation(path) else { return }
    throw StoreError(
      .unsupported, "a remote data set can be appended to, but not changed otherwise",
      remedy: "write a new one",
      path: path)
  }

  /// How a data set like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    WriteOptions(
      layout: isEncoded ? Layout.encoded.rawValue : nil,
      shardSize: contents.manifest.shards.map(\.bytes).max() ?? Self.usualShardSize)
  }
}

extension ShardedFormat {
  package var editable: (any EditableStore.Type)? { ShardedStore.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? ShardedStore)?.optionsOfSameKind ?? WriteOptions()
  }
}
