public import ImageStoreCore
import ImageStoreSupport

extension PackedBitStore {
  /// Writes a folder of packed masks.
  ///
  /// Images are bool, or of another type whose pixels are 0 and 1, with one channel and one size;
  /// with a threshold, they can have any type and channels. A new folder appears when it is
  /// finished. Appended masks are written past the end of `masks.npy`. When they and their labels
  /// are on the disk, the header of the file is rewritten, which makes them count.
  public struct Writer: ~Copyable, ImageStoreWriter {
    private var session: ResumableSession<PackedBitWriterSession>

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - mode: whether to create, replace or append.
    ///   - axis: the direction along which eight pixels share a byte. Along rows, a crop is
    ///     unpacked by one mask and one comparison per vector at any alignment and touches half the
    ///     cache lines, so this is the default. A store that is appended to keeps its own.
    ///   - threshold: makes a mask of an image: a pixel is 1 if the mean of its channels, as Double, is
    ///     over the threshold. Without a threshold, a pixel that is neither 0 nor 1 is an error.
    ///   - classNames: the names of the classes that labels count from 0; nil keeps those of an
    ///     existing store. If it has others, labels are translated by the names of their classes,
    ///     and missing names are added.
    ///   - threads: how many threads pack; nil for one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/busy`` while another writer
    ///   is working, ``StoreError/Code/system``, and for an append what opening the store throws,
    ///   and ``StoreError/Code/invalidArgument`` for class names that cannot be matched with the
    ///   existing ones.
    public init(
      to path: some StorePath, mode: WriteMode = .create, axis: PackingAxis = .rows, threshold: Double? = nil,
      classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      let path = try path.storePath()
      session = try ResumableSession(mode) { (mode) throws(StoreError) in
        try PackedBitWriterSession(
          path, mode, axis: axis, threshold: threshold, classNames: classNames,
          threads: Workers.threadCount(threads))
      }
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

  /// Writes all images of a store as packed masks, and opens them.
  ///
  /// - Parameters: as for ``Writer/init(to:mode:axis:threshold:classNames:threads:)``;
  ///   `progress` is called from time to time with the number of masks written.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create, axis: PackingAxis = .rows,
    threshold: Double? = nil, threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> PackedBitStore {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, axis: axis, threshold: threshold, classNames: source.classNames,
      threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try PackedBitStore(at: path, threads: threads)
  }

  /// Writes a store of the images that a closure appends, and opens it.
  ///
  ///     try PackedBitStore.write(to: "pets.bits", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - axis: the direction along which eight pixels share a byte.
  ///   - threshold: makes a mask of an image: a pixel is 1 if the mean of its channels is over it.
  ///   - classNames: the names of the classes that labels count from 0; nil keeps the existing ones
  ///     when appending; see ``Writer``.
  ///   - threads: how many threads may be used; nil for one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, axis: PackingAxis = .rows, threshold: Double? = nil,
    classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> PackedBitStore {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, axis: axis, threshold: threshold, classNames: classNames, threads: threads)
    try body(&writer)
    try writer.finish()
    return try PackedBitStore(at: path, threads: threads)
  }
}
