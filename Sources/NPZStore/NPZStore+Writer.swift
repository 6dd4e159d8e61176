public import ImageStoreCore
import NumPyFormat
import StoreIO

extension NPZStore {
  /// Writes an archive with an entry an image.
  ///
  /// A new archive is written beside its destination and put there by ``finish()``. Appending adds entries,
  /// labels and a new directory past the end of the archive: until ``finish()`` has synchronised them with
  /// the disk, the archive is the one it was, to this package's readers at any moment and to others once
  /// the writer is dropped or the next one has cut off what a dead one left. The bytes written do not depend
  /// on the number of threads.
  public struct Writer: ~Copyable, ImageStoreWriter {
    let target: ArchiveTarget
    let threads: Int
    let encoders: EntryEncoders?
    let classNames: [String]?
    /// Where the next entry will stand.
    var offset: Int
    /// The new images' entries.
    var entries: [ZipWrittenEntry] = []
    var annotations: Annotations
    /// The header and format of the image before, whose header is likely that of the next.
    var header: (format: ImageFormat, bytes: [UInt8])?
    var firstFormat: ImageFormat?
    var isMixed: Bool
    var pending: [UInt8] = []
    var byteCountSinceTrailer = 0
    private var failure: StoreError?
    private let oldCount: Int

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - mode: whether to create, replace or append. Only archives with entries called
    ///     `ix-000000.npy` and so on can be appended to.
    ///   - compression: `small` deflates as numpy does, `fast` at zlib's level 1, `none` stores, with pixels
    ///     at multiples of 64 bytes.
    ///   - classNames: the names of the classes that labels count from 0; nil keeps those of an archive
    ///     that is appended to.
    ///   - threads: how many threads deflate; nil stands for one for each processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/busy`` while another writer is at
    ///   work, ``StoreError/Code/system``, and for an append what opening the archive throws.
    public init(
      to path: String, mode: WriteMode = .create, compression: Compression = .small,
      classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      let target = try ArchiveTarget.open(path, mode: mode)
      let annotations = try target.old?.store.annotationsToContinue() ?? Annotations()
      let encoders: EntryEncoders? =
        switch compression {
        case .none: nil
        case .fast: EntryEncoders(level: 1)
        case .small: EntryEncoders(level: 6)
        }
      self.init(
        target, annotations, encoders, classNames: classNames, threads: Workers.threadCount(threads))
    }

    private init(
      _ target: consuming ArchiveTarget, _ annotations: Annotations, _ encoders: EntryEncoders?,
      classNames: [String]?, threads: Int
    ) {
      oldCount = target.old?.store.count ?? 0
      firstFormat = target.old?.store.format
      isMixed = oldCount > 0 && firstFormat == nil
      offset = target.old?.endOffset ?? 0
      self.target = target
      self.annotations = annotations
      self.encoders = encoders
      self.classNames = classNames
      self.threads = threads
    }

    /// How many images have been appended by this writer.
    public var count: Int { entries.count }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try appendChecked(pixels, layout: layout, annotations: annotations)
      } catch {
        failure = error.at(path: target.file.path)
        throw failure!
      }
    }

    private mutating func appendChecked(
      _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
    ) throws(StoreError) {
      guard pixels.byteCount == layout.byteCount else {
        throw StoreError(
          .invalidArgument, "\(pixels.byteCount) bytes of pixels where the layout has \(layout.byteCount)")
      }
      try annotations.validate(count: layout.count)
      guard layout.count > 0 else { return }
      if oldCount + entries.count == 0 {
        self.annotations = annotations
      } else {
        try self.annotations.append(annotations)
      }
      note(layout)
      try checkTruthValues(pixels, layout)
      if let encoders {
        try deflate(pixels, layout, with: encoders)
      } else {
        try store(pixels, layout)
      }
    }

    /// Takes note of whether all images have one format.
    private mutating func note(_ layout: BatchLayout) {
      firstFormat = firstFormat ?? layout[0]
      guard !isMixed, layout.uniformFormat != firstFormat else { return }
      isMixed = !(0..<layout.count).allSatisfy { layout[$0] == firstFormat }
    }

    private func checkTruthValues(_ pixels: RawSpan, _ layout: BatchLayout) throws(StoreError) {
      for position in 0..<layout.count where layout[position].elementType == .bool {
        let image = pixels.extracting(layout.byteRange(of: position))
        let offset = unsafe image.withUnsafeBytes { unsafe NPYImages.firstNonBoolean(in: $0) }
        if let offset {
          throw StoreError(
            .invalidArgument, "a truth value that is neither 0 nor 1, at byte \(offset) of the pixels",
            image: firstIndex + position)
        }
      }
    }

    /// The index that the next image will have in the archive.
    var firstIndex: Int { oldCount + entries.count }

    public consuming func finish() throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try complete()
      } catch {
        throw error.at(path: target.file.path)
      }
      try target.commit()
    }
  }

  /// Writes all images of a store to an archive, and opens it.
  ///
  /// - Parameters: as of ``Writer/init(to:mode:compression:classNames:threads:)``;
  ///   `progress` is called now and then with the number of images written.
  public static func write(
    _ source: any ImageStore, to path: String, mode: WriteMode = .create,
    compression: Compression = .small, threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> NPZStore {
    var writer = try Writer(
      to: path, mode: mode, compression: compression, classNames: source.classNames, threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try NPZStore(at: path, threads: threads)
  }

  /// Labels and columns, to which those of further images are appended.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` where images are not called by their numbers, and what
  ///   reading labels and columns throws.
  fileprivate func annotationsToContinue() throws(StoreError) -> Annotations {
    guard count > 0 else { return Annotations() }
    guard case .entries(let entries) = images, entries.positions.areNumbered else {
      throw StoreError(
        .unsupported,
        "images cannot be appended to an archive whose entries are not called ix-000000.npy and so on",
        remedy: "convert it first", path: path)
    }
    var annotations = Annotations(labels: try labels())
    for name in columnNames { annotations.columns[name] = try column(name) }
    return annotations
  }
}
