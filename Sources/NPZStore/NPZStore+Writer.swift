public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension NPZStore {
  /// The form of the entries of images.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    /// Arrays, `ix-000000.npy` and so on.
    case arrays
    /// Images as they were encoded, such as the bytes of files: `ix-000000.jpg`, `ix-000001.png`.
    case encoded
  }

  /// Writes an archive with one entry per image.
  ///
  /// A new archive is written next to its destination and moved into place by ``finish()``.
  /// Appending adds entries, labels and a new directory past the end of the archive. Until
  /// ``finish()`` has synced them to the disk, the archive is unchanged: for this package's readers
  /// at any moment, and for other readers once the writer is dropped or, if it died, once the next
  /// writer has cut off what it left. The bytes written do not depend on the number of threads.
  public struct Writer: ~Copyable, ImageStoreWriter {
    private var session: ResumableSession<NPZWriterSession>

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - mode: whether to create, replace or append. Only archives with entries called
    ///     `ix-000000.npy` and so on can be appended to.
    ///   - compression: `small` deflates as well as numpy does, `fast` at zlib's level 1 (small
    ///     photographs are the same in both), `none` stores, with pixels at multiples of 64 bytes.
    ///     Encoded images are stored in any case.
    ///   - layout: the form of the entries of images; nil means that of an existing archive, or
    ///     arrays.
    ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
    ///     pixels are encoded.
    ///   - classNames: the names of the classes that labels count from 0; nil keeps those of an
    ///     existing archive. If it has others, labels are translated by the names of their classes,
    ///     and missing names are added.
    ///   - threads: how many threads deflate; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/busy`` while another writer
    ///   is working, ``StoreError/Code/system``, and for an append what opening the archive throws,
    ///   and ``StoreError/Code/invalidArgument`` for class names that cannot be matched with the
    ///   existing ones.
    public init(
      to path: some StorePath, mode: WriteMode = .create, compression: Compression = .small,
      layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
      threads: Int? = nil
    ) throws(StoreError) {
      let path = try path.storePath()
      session = try ResumableSession(mode) { (mode) throws(StoreError) in
        try NPZWriterSession(
          path, mode, compression, layout, encoding, classNames: classNames,
          threads: Workers.threadCount(threads))
      }
    }

    public var keepsEncodedImages: Bool { session.keepsEncodedImages }

    public mutating func append(
      encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
    ) throws(StoreError) {
      try session.append(encoded: encoded, byteCounts: byteCounts, labels: labels)
    }

    public var count: Int { session.count }

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

  /// Writes all images of a store to an archive, and opens it.
  ///
  /// - Parameters: as of ``Writer/init(to:mode:compression:layout:encoding:classNames:threads:)``;
  ///   `progress` is called from time to time with the number of images written.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create,
    compression: Compression = .small, layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(),
    threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> NPZStore {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, compression: compression, layout: layout, encoding: encoding,
      classNames: source.classNames, threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try NPZStore(at: path, threads: threads)
  }

  /// Writes a store of the images that a closure appends, and opens it.
  ///
  ///     try NPZStore.write(to: "pets.npz", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - compression: `small` as numpy deflates, `fast`, or `none`.
  ///   - layout: the form of the entries of images; nil means that of an existing archive, or
  ///     arrays.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - classNames: the names of the classes that labels count from 0; nil keeps the existing ones
  ///     when appending; see ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, compression: Compression = .small,
    layout: Layout? = nil, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> NPZStore {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, compression: compression, layout: layout, encoding: encoding,
      classNames: classNames,
      threads: threads)
    try body(&writer)
    try writer.finish()
    return try NPZStore(at: path, threads: threads)
  }
}
