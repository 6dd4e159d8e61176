public import ImageStoreCore
package import ImageStoreSupport
import ObjectStorage

extension ShardedStore {
  /// The default size of a shard, 128 MB: large enough to avoid a request for every few images, and
  /// small enough to send again quickly.
  public static var usualShardSize: Int { 128 << 20 }

  /// Writes a data set of shards.
  ///
  /// A new data set is made next to its destination and moved into place by ``finish()``. Appending
  /// adds shards and an index, and replaces the manifest last: until then the data set is
  /// unchanged, and no existing file of it is ever changed. A short last shard stays short. For a
  /// remote data set, objects are sent as they are finished, and the manifest last, if no other
  /// writer has changed it in the meantime. Files that an interrupted append leaves do not belong
  /// to the data set, and ``ShardedStore/removeOrphans(at:)`` removes them.
  public struct Writer: ~Copyable, ImageStoreWriter {
    private var session: ResumableSession<ShardedWriterSession>

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - mode: whether to create, replace or append.
    ///   - shardSize: the most bytes of a shard, approximately; a larger image has a shard by
    ///     itself.
    ///   - layout: the form of the images in shards; nil means that of an existing data set, or
    ///     arrays.
    ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
    ///     pixels are encoded.
    ///   - classNames: the names of the classes that labels count from 0; nil keeps those of an
    ///     existing data set. If it has others, labels are translated by the names of their
    ///     classes, and missing names are added.
    ///   - threads: how many threads may be used; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``; ``StoreError/Code/busy`` while another writer
    ///   is working; ``StoreError/Code/system``; ``StoreError/Code/invalidArgument`` for a size
    ///   that is not possible, and for class names that cannot be matched with the existing ones;
    ///   and for an append what opening throws.
    public init(
      to path: some StorePath, mode: WriteMode = .create, shardSize: Int = ShardedStore.usualShardSize,
      layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
      threads: Int? = nil
    ) throws(StoreError) {
      let path = try path.storePath()
      try self.init(
        path: path, mode: mode, shardSize: shardSize, layout: layout, encoding: encoding,
        classNames: classNames,
        threads: threads
      ) { (mode) throws(StoreError) -> any ShardTarget in
        if ObjectStorage.isLocation(path) { return try ObjectTarget(ObjectStorage.folder(at: path), mode) }
        let isThere = FileSystem.kind(of: path) != nil
        return mode == .append && isThere ? try GrowingFolderTarget(path) : try NewFolderTarget(path, mode)
      }
    }

    /// Creates a writer to a folder of objects, which need not be on this machine.
    package init(
      to folder: any ObjectFolder, mode: WriteMode = .create, shardSize: Int = ShardedStore.usualShardSize,
      layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
      threads: Int? = nil
    ) throws(StoreError) {
      try self.init(
        path: folder.location, mode: mode, shardSize: shardSize, layout: layout, encoding: encoding,
        classNames: classNames, threads: threads
      ) { (mode) throws(StoreError) in try ObjectTarget(folder, mode) }
    }

    private init(
      path: String, mode: WriteMode, shardSize: Int, layout: Layout?, encoding: ImageEncoding,
      classNames: [String]?,
      threads: Int?, target: @escaping @Sendable (WriteMode) throws(StoreError) -> any ShardTarget
    ) throws(StoreError) {
      session = try ResumableSession(mode) { (mode) throws(StoreError) in
        try ShardedWriterSession(
          target(mode), path: path, layout: layout, shardSize: shardSize, encoding, classNames: classNames,
          threads: Workers.threadCount(threads))
      }
    }

    public var keepsEncodedImages: Bool { session.keepsEncodedImages }

    public var count: Int { session.count }

    public mutating func append(
      encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
    ) throws(StoreError) {
      try session.append(encoded: encoded, byteCounts: byteCounts, labels: labels)
    }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      try session.append(pixels, layout: layout, labels: labels)
    }

    public mutating func commit() throws(StoreError) {
      try session.commit()
    }

    public consuming func finish() throws(StoreError) {
      try session.finish()
    }
  }

  /// Writes all images of a store as a data set of shards, and opens it.
  ///
  /// - Parameters: as for ``Writer/init(to:mode:shardSize:layout:encoding:classNames:threads:)``;
  ///   `progress` is called from time to time with the number of images written.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create,
    shardSize: Int = ShardedStore.usualShardSize, layout: Layout? = nil,
    encoding: ImageEncoding = ImageEncoding(),
    threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> ShardedStore {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, shardSize: shardSize, layout: layout, encoding: encoding,
      classNames: source.classNames,
      threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try ShardedStore(at: path, threads: threads)
  }

  /// Writes a data set of the images that a closure appends, and opens it.
  ///
  ///     try ShardedStore.write(to: "pets", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new data set.
  ///   - mode: whether to create, replace or append.
  ///   - shardSize: the most bytes of a shard, approximately.
  ///   - layout: the form of the images in shards; nil means that of an existing data set, or
  ///     arrays.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - classNames: the names of the classes that labels count from 0; nil keeps the existing ones
  ///     when appending; see ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written data set.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, shardSize: Int = ShardedStore.usualShardSize,
    layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> ShardedStore {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, shardSize: shardSize, layout: layout, encoding: encoding, classNames: classNames,
      threads: threads)
    try body(&writer)
    try writer.finish()
    return try ShardedStore(at: path, threads: threads)
  }
}
