public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension NPZStore {
  /// Writes an archive with an entry an image.
  ///
  /// A new archive is written beside its destination and put there by ``finish()``. Appending adds entries,
  /// labels and a new directory past the end of the archive: until ``finish()`` has synchronised them with
  /// the disk, the archive is the one it was, to this package's readers at any moment and to others once
  /// the writer is dropped or the next one has cut off what a dead one left. The bytes written do not depend
  /// on the number of threads.
  public struct Writer: ~Copyable, ImageStoreWriter {
    private let archive: ArchiveWriter

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - mode: whether to create, replace or append. Only archives with entries called
    ///     `ix-000000.npy` and so on can be appended to.
    ///   - compression: `small` deflates as well as numpy does, `fast` at zlib's level 1 (small photographs are
    ///     the same in both), `none` stores, with pixels at multiples of 64 bytes.
    ///   - classNames: the names of the classes that labels count from 0; nil keeps those of an archive
    ///     that is appended to.
    ///   - threads: how many threads deflate; nil stands for one for each processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/busy`` while another writer is at
    ///   work, ``StoreError/Code/system``, and for an append what opening the archive throws.
    public init(
      to path: String, mode: WriteMode = .create, compression: Compression = .small,
      classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      archive = try ArchiveWriter(
        path, mode, compression, classNames: classNames, threads: Workers.threadCount(threads))
    }

    /// How many images have been appended by this writer.
    public var count: Int { archive.entries.count }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      try archive.append(pixels, layout: layout, annotations: labels)
    }

    public consuming func finish() throws(StoreError) {
      try archive.finish()
    }
  }

  /// Writes all images of a store to an archive, and opens it.
  ///
  /// - Parameters: as of ``Writer/init(to:mode:compression:classNames:threads:)``;
  ///   `progress` is called now and then with the number of images written.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: String, mode: WriteMode = .create,
    compression: Compression = .small, threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> NPZStore {
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, compression: compression, classNames: source.classNames, threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try NPZStore(at: path, threads: threads)
  }

  /// Writes a store of what a closure appends, and opens it.
  ///
  ///     try NPZStore.write(to: "pets.npz", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: where the new store is to be.
  ///   - mode: whether to create, replace or append.
  ///   - compression: `small` as numpy deflates, `fast`, or `none`.
  ///   - classNames: the names of the classes that labels count from 0; nil when appending keeps those that
  ///     are there.
  ///   - threads: how many threads may be used; nil stands for one a processor.
  ///   - body: appends images to the writer, which is finished when it returns. Where it throws, the writer
  ///     is dropped, and what stood at `path` stays.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` does.
  @discardableResult
  public static func write(
    to path: String, mode: WriteMode = .create, compression: Compression = .small,
    classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> NPZStore {
    var writer = try Writer(
      to: path, mode: mode, compression: compression, classNames: classNames, threads: threads)
    try body(&writer)
    try writer.finish()
    return try NPZStore(at: path, threads: threads)
  }
}
