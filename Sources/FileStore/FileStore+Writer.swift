public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// Writes a folder of PNGs with their labels.
  ///
  /// A new folder is made in a temporary folder next to its destination and moved into place by
  /// ``finish()``. Appended images are written to a temporary folder inside the store, and
  /// ``finish()`` moves them into place. They belong to the store once it has put the longer
  /// `labels.csv` into place; if a writer dies before that, the next one that appends removes what
  /// it has moved. Nothing else is touched: if an image needs a name that another file has, that is
  /// an error.
  ///
  /// A finished store is on the disk. On Linux one call syncs the whole file system, because one
  /// call per file would take longer than everything else; on other systems each file is synced as
  /// it is written.
  public struct Writer: ImageStoreWriter, ~Copyable {
    private var session: ResumableSession<FileWriterSession>

    public var count: Int { session.count }

    /// - Parameters:
    ///   - path: the folder of the store.
    ///   - mode: what to do if the folder exists.
    ///   - layout: where the images are in it; nil means the layout of an existing store, or
    ///     subfolders.
    ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
    ///     pixels are encoded.
    ///   - compression: how much time is spent on making files small.
    ///   - classNames: the names of the classes that labels count from 0. Appended images may have
    ///     other class names than the store: labels are then translated by name.
    ///   - threads: on how many threads images are encoded and written; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, also for a file that has the name of an image
    ///   to be appended; ``StoreError/Code/busy`` if another writer is working on the folder;
    ///   ``StoreError/Code/unsupported`` for appending to a folder whose files are not named as
    ///   this package names them; ``StoreError/Code/corrupt`` for appending to a folder whose
    ///   `labels.csv` or `store.json` was changed by another program;
    ///   ``StoreError/Code/invalidArgument`` for class names that cannot be matched with those of
    ///   the store.
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
  ///   - layout: where the images are in the folder; nil means the layout of an existing store, or
  ///     subfolders.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - compression: how much time is spent on making files small.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - progress: called from time to time with the number of images written.
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

  /// Writes a store of the images that a closure appends, and opens it.
  ///
  ///     try FileStore.write(to: "pets", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - layout: where the images are in the folder; nil means the layout of an existing store, or
  ///     subfolders.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - compression: how much time is spent on making files small.
  ///   - classNames: the names of the classes that labels count from 0, as of ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
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
