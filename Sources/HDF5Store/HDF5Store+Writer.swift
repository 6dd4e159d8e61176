public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// How images are laid out in a file.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    /// Images of another size than those before are refused when they are appended to a file, so that `/images` stays one dataset.
    case uniform
    /// `/images` becomes a group with a dataset for each image once sizes differ.
    case mixed
    /// Images as they were encoded, such as the bytes of files, one after another in `/encoded`.
    case encoded
  }

  /// Writes an HDF5 file that appears when it is finished.
  ///
  /// Pixels are streamed to a file in a folder of the writer's own, so memory is bounded and the number of
  /// images need not be known; libhdf5 is called only at the end, to make the metadata around
  /// them. Memory holds 12 bytes per image for labels and checksums, besides the columns.
  ///
  /// Without compression images are contiguous. With it they are in chunks of whole images, about 4 KiB
  /// of pixels each and at least one image, through gzip (deflate) and, for samples of more than a byte,
  /// the shuffle filter.
  public struct Writer: ~Copyable, ImageStoreWriter {
    private var session: HDF5WriterSession

    public var count: Int { session.state.count }

    /// Starts writing; nothing appears at `path` before ``finish()``.
    ///
    /// - Parameters:
    ///   - path: the file to be, in a folder that exists.
    ///   - mode: what to do about a file that is there. An appended store is copied, so an append takes
    ///     time and, until it is finished, room in proportion to the whole; the file is replaced at once, so
    ///     it can be read at any moment, whatever happens to the writer. The new file has the mode, owner and attributes of the old
    ///     one, and the same types of labels, columns and text.
    ///   - compression: `none`, or `fast` or `small` for gzip at level 1 or 9. An appended store keeps what
    ///     it has.
    ///   - layout: whether images of another size may be appended to those of one, which makes a group of the dataset `/images`. A new
    ///     file is of either kind, as its images are.
    ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
    ///   - classNames: the names of the classes that labels count from 0. If the store that is appended to has others, or
    ///     these in another order, labels are translated by name, and names that it lacks are added.
    ///   - threads: how many threads may compress; nil means one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``; ``StoreError/Code/busy`` if another writer is working
    ///   on the same file; ``StoreError/Code/unsupported`` if a file that is to be appended to has
    ///   more than a store, which would be lost; ``StoreError/Code/corrupt`` if what it has does not agree with its
    ///   checksums; ``StoreError/Code/invalidArgument`` for class names that cannot be matched with those of the store;
    ///   ``StoreError/Code/system``.
    public init(
      to path: some StorePath, mode: WriteMode = .create, compression: Compression = .none,
      layout: Layout = .uniform, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
      threads: Int? = nil
    ) throws(StoreError) {
      session = try HDF5WriterSession.start(
        path.storePath(), mode, compression, layout, encoding, classNames: classNames, threads: threads)
    }

    public var keepsEncodedImages: Bool { session.encodedLayout != nil }

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

    /// Refuses: the file would be written whole, with all images before, each time.
    public mutating func commit() throws(StoreError) {
      throw StoreError(
        .unsupported, "HDF5 has no journal, so each commit would write the whole file again",
        remedy: "write a file for each part and read them by ConcatenatedStore, or use another format",
        path: session.state.path)
    }

    public consuming func finish() throws(StoreError) {
      try session.finish()
    }
  }

  /// Writes all images of a store with their labels, columns and class names, and opens what was written.
  ///
  /// - Parameters:
  ///   - source: the store whose images are written.
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - compression: `none`, or `fast` or `small` for gzip.
  ///   - layout: how images are laid out in the file.
  ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
  ///   - threads: how many threads may be used; nil means one per processor.
  ///   - progress: called now and then with the number of images written.
  /// - Throws: as ``Writer``, and what reading the source throws.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create,
    compression: Compression = .none, layout: Layout = .uniform, encoding: ImageEncoding = ImageEncoding(),
    threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> HDF5Store {
    let path = try path.storePath()
    try Destination.check(path, isApartFrom: source.sourcePaths)
    var writer = try Writer(
      to: path, mode: mode, compression: compression, layout: layout, encoding: encoding,
      classNames: source.classNames, threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try HDF5Store(at: path, threads: threads)
  }

  /// Writes a store of what a closure appends, and opens it.
  ///
  ///     try HDF5Store.write(to: "pets.h5", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - compression: `none`, or `fast` or `small` for gzip.
  ///   - layout: how images are laid out in the file.
  ///   - encoding: of the layout ``Layout/encoded``: whether images that come encoded are checked, and what others become.
  ///   - classNames: the names of the classes that labels count from 0; nil when appending keeps those that
  ///     are there.
  ///   - threads: how many threads may be used; nil means one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the writer
  ///     is dropped, and what was at `path` stays.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` does.
  @discardableResult
  public static func write(
    to path: some StorePath, mode: WriteMode = .create, compression: Compression = .none,
    layout: Layout = .uniform, encoding: ImageEncoding = ImageEncoding(), classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> HDF5Store {
    let path = try path.storePath()
    var writer = try Writer(
      to: path, mode: mode, compression: compression, layout: layout, encoding: encoding,
      classNames: classNames, threads: threads)
    try body(&writer)
    try writer.finish()
    return try HDF5Store(at: path, threads: threads)
  }
}
