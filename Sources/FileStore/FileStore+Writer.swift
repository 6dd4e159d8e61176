public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// Writes a folder of PNGs with their labels.
  ///
  /// A new folder is made in a folder beside it and put in its place by ``finish()``. Images that are
  /// appended are written to a folder within the store's, moved to their places by ``finish()``, and belong to the store
  /// when it puts the longer `labels.csv` in its place; what a writer has moved that dies before that, the next one
  /// that appends takes out again. Nothing else is touched: what has a name that an image needs is refused.
  ///
  /// What is finished is on the disk. On Linux one call synchronises the whole file system, since one per
  /// file would take longer than all else; elsewhere each file is synchronised as it is written.
  public struct Writer: ImageStoreWriter, ~Copyable {
    private var session: ResumableSession<FileWriterSession>

    public var count: Int { session.count }

    /// - Parameters:
    ///   - path: the folder of the store.
    ///   - mode: what to do if there is one.
    ///   - layout: where the images are in it; nil for what the store appended to has, or subfolders.
    ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
    ///   - compression: how much time is given to making files small.
    ///   - classNames: the names of the classes that labels count from 0. Images that are appended may come with other
    ///     names than the store has: labels are then translated by name.
    ///   - threads: on how many threads images are encoded and written; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, also for a file that has the name of an image to be appended;
    ///   ``StoreError/Code/busy`` if another writer is working on the folder;
    ///   ``StoreError/Code/unsupported`` for appending to a folder whose files are not
    ///   named as this package names them; ``StoreError/Code/corrupt`` for appending to one whose `labels.csv`
    ///   or `store.json` is not the one that was written; ``StoreError/Code/invalidArgument`` for class names that cannot be
    ///   matched with those of the store.
    public init(
      to path: some StorePath, mode: WriteMode = .create, layout: FileStore.Layout? = nil,
      encoding: ImageEncoding = ImageEncoding(), compression: Compression = .fast,
      classNames: [String]? = nil,
      threads: Int? = nil
    ) throws(StoreError) {
      let path = try path.storePath()
      session = try ResumableSession(mode) { (mode) throws(StoreError) in
        try FileWriterSession.begin(
          path, mode, layout, encoding, compression, classNames: classNames, threads: threads)
      }
    }

    public var keepsEncodedImages: Bool { session.keepsEncodedImages }

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

  /// Writes all images of a store with their labels, columns and class names.
  ///
  /// - Parameters:
  ///   - source: any store.
  ///   - path: the folder to write.
  ///   - mode: whether to create, replace or append.
  ///   - layout: where the images are in the folder; nil for what a store appended to has, or subfolders.
  ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
  ///   - compression: how much time is given to making files small.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - progress: called now and then with the number of images written.
  /// - Returns: the store, opened.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create,
    layout: FileStore.Layout? = nil, encoding: ImageEncoding = ImageEncoding(),
    compression: Compression = .fast, threads: Int? = nil,
    progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> FileStore {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, layout: layout, encoding: encoding, compression: compression,
      classNames: source.classNames, threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try FileStore(at: path, threads: threads)
  }

  /// Writes a store of what a closure appends, and opens it.
  ///
  ///     try FileStore.write(to: "pets", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - layout: where the images are in the folder; nil for what a store appended to has, or subfolders.
  ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
  ///   - compression: how much time is given to making files small.
  ///   - classNames: the names of the classes that labels count from 0, as of ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the writer
  ///     is dropped, and what was at `path` stays.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` does.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, layout: Layout? = nil,
    encoding: ImageEncoding = ImageEncoding(), compression: Compression = .fast, classNames: [String]? = nil,
    threads: Int? = nil,
    _ body: (inout Writer) throws -> Void
  ) throws -> FileStore {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, layout: layout, encoding: encoding, compression: compression,
      classNames: classNames, threads: threads)
    try body(&writer)
    try writer.finish()
    return try FileStore(at: path, threads: threads)
  }
}
