public import ImageStoreCore
internal import ImageStoreSupport

extension LMDBStore {
  /// How images are laid out in the database.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    /// Many images per value if all have one format, otherwise one.
    case automatic
    /// One image per value, under the key `f"{i:08}"`; small ones take a page each.
    case perImage
    /// One encoded image per value, under the key `f"{i:08}"`: exactly the bytes of its file.
    case encoded
  }

  /// Writes a store.
  ///
  /// A new store is written next to its destination and moved into place when it is finished.
  /// Images appended to an existing store are committed some MB at a time and counted only by the
  /// last commit: until then readers see the store as it was, and an append that ends early leaves
  /// it so. Open stores of this package continue to read their snapshot.
  ///
  /// A writer does not work in a process that was forked from the one it was made in.
  public struct Writer: ~Copyable, ImageStoreWriter, Sendable {
    private var session: ResumableSession<LMDBWriterSession>

    /// - Parameters:
    ///   - path: the store's folder.
    ///   - mode: ``ImageStoreCore/WriteMode/append`` adds to a store of this package.
    ///   - layout: how images are laid out in a new store; an existing store keeps its own.
    ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
    ///     pixels are encoded.
    ///   - classNames: the names of the classes that labels count from 0. Appended images may have
    ///     other class names than the store: labels are then translated by name.
    ///   - threads: on how many threads images are checked and encoded; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``; ``StoreError/Code/busy`` if another writer is
    ///   working; ``StoreError/Code/unsupported`` for appending to a database of another layout;
    ///   ``StoreError/Code/invalidArgument`` for class names that cannot be matched with those of
    ///   the store.
    public init(
      to path: some StorePath, mode: WriteMode = .create, layout: Layout = .automatic,
      encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      let path = try path.storePath()
      session = try ResumableSession(mode) { (mode) throws(StoreError) in
        try LMDBWriterSession(path, mode, layout, encoding, classNames: classNames, threads: threads)
      }
    }

    public var count: Int { session.count }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      try session.append(pixels, layout: layout, labels: labels)
    }

    public var keepsEncodedImages: Bool { session.keepsEncodedImages }

    public mutating func append(
      encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
    ) throws(StoreError) {
      try session.append(encoded: encoded, byteCounts: byteCounts, labels: labels)
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
  ///   - source: the store whose images are written.
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - layout: how images are laid out in a new store.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - progress: called from time to time with the number of images written.
  /// - Returns: the written store.
  /// - Throws: what ``Writer`` throws; ``StoreError/Code/invalidArgument`` for a destination inside
  ///   the source or around it.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create, layout: Layout = .automatic,
    encoding: ImageEncoding = ImageEncoding(), threads: Int? = nil,
    progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> LMDBStore {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, layout: layout, encoding: encoding, classNames: source.classNames,
      threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try LMDBStore(at: path, threads: threads)
  }

  /// Writes a store of the images that a closure appends, and opens it.
  ///
  ///     try LMDBStore.write(to: "pets.lmdb", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - layout: how images are laid out in a new store.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - classNames: the names of the classes that labels count from 0, as of ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, layout: Layout = .automatic,
    encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil, threads: Int? = nil,
    _ body: (inout Writer) throws -> Void
  ) throws -> LMDBStore {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, layout: layout, encoding: encoding, classNames: classNames, threads: threads)
    try body(&writer)
    try writer.finish()
    return try LMDBStore(at: path, threads: threads)
  }
}
