public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// How images are laid out in a file.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    /// Images of another size than those before are refused when they are appended to a file, so
    /// `/images` stays one dataset.
    case uniform
    /// `/images` becomes a group with a dataset for each image once sizes differ.
    case mixed
    /// Images as they were encoded, such as the bytes of files, one after another in `/encoded`.
    case encoded
  }

  /// Writes an HDF5 file that appears when it is finished.
  ///
  /// Pixels are streamed to a file in a temporary folder, so memory is bounded and the number of
  /// images need not be known; libhdf5 is called only at the end, to make the metadata around them.
  /// Memory holds 12 bytes per image for labels and checksums, plus the columns.
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
    ///   - path: the path of the file, in a folder that exists.
    ///   - mode: what to do if the file exists. A store that is appended to is copied, so an append
    ///     takes time and, until it is finished, disk space in proportion to the whole. The file is
    ///     replaced in one step, so it can be read at any moment, even if the writer fails. The new
    ///     file has the mode, owner and attributes of the old
    ///     one, and the same types of labels, columns and text.
    ///   - compression: `none`, or `fast` or `small` for gzip at level 1 or 9. A store that is
    ///     appended to keeps its compression.
    ///   - layout: whether images of another size may be appended to images of one size, which
    ///     turns the dataset `/images` into a group. A new file has either form, depending on its
    ///     images.
    ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
    ///     pixels are encoded.
    ///   - classNames: the names of the classes that labels count from 0. If the store that is
    ///     appended to has others, or these in another order, labels are translated by name, and
    ///     names that it lacks are added.
    ///   - threads: how many threads may compress; nil means one per processor.
    /// - Throws: ``StoreError/Code/alreadyExists``; ``StoreError/Code/busy`` if another writer is
    ///   working on the same file; ``StoreError/Code/unsupported`` for appending to a file that has
    ///   other contents, which would be lost; ``StoreError/Code/corrupt`` if what it has does not
    ///   agree with its checksums; ``StoreError/Code/invalidArgument`` for class names that cannot
    ///   be matched with those of the store; ``StoreError/Code/system``.
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

    /// Always throws: the whole file, with all earlier images, would have to be written each time.
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

  /// Writes all images of a store with their labels, columns and class names, and opens the new
  /// store.
  ///
  /// - Parameters:
  ///   - source: the store whose images are written.
  ///   - path: the path of the new store.
  ///   - mode: whether to create, replace or append.
  ///   - compression: `none`, or `fast` or `small` for gzip.
  ///   - layout: how images are laid out in the file.
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - threads: how many threads may be used; nil means one per processor.
  ///   - progress: called from time to time with the number of images written.
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

  /// Writes a store of the images that a closure appends, and opens it.
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
  ///   - encoding: for the layout ``Layout/encoded``: whether encoded images are checked, and how
  ///     pixels are encoded.
  ///   - classNames: the names of the classes that labels count from 0; nil keeps the existing ones
  ///     when appending.
  ///   - threads: how many threads may be used; nil means one per processor.
  ///   - body: appends images to the writer, which is finished when it returns. If it throws, the
  ///     writer is dropped, and anything at `path` stays as it was.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` throws.
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
