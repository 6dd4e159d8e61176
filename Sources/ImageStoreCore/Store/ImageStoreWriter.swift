/// Writes a store that appears when it is finished, or not at all.
///
/// A writer cannot be copied and ``finish()`` consumes it, so appending to a finished store or
/// finishing one twice does not compile. A writer that is dropped, or whose process dies, leaves what
/// was there before: nothing, the store to be replaced, or the store as it was before an append.
///
/// The stores of this package have a `write(to:)` that makes a writer for a closure and finishes
/// it.
public protocol ImageStoreWriter: ~Copyable {
  /// What ``finish()`` returns: nothing if the store is in a file, the store itself if it is in memory.
  associatedtype Output = Void

  /// How many images this writer has appended; images that were in the store before do not count.
  var count: Int { get }

  /// Appends a run of images.
  ///
  /// After an error, drop the writer: appending more, or finishing, throws the same error again.
  ///
  /// - Parameters:
  ///   - pixels: the images one after another, as `layout` says.
  ///   - layout: the formats of the images.
  ///   - labels: one label per image or none, and the same columns for all images of a store.
  /// - Throws: ``StoreError/Code/unsupported`` for what the format cannot hold;
  ///   ``StoreError/Code/invalidArgument`` if `pixels`, `layout` and `labels` do not agree, or
  ///   labels or columns do not agree with what was appended before; ``StoreError/Code/system``.
  mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
  ) throws(StoreError)

  /// Whether images that are given encoded are kept as they are, because the store has the layout
  /// `encoded`. The default is false.
  var keepsEncodedImages: Bool { get }

  /// Appends a run of images that are encoded already, such as the bytes of files.
  ///
  /// A store with the layout `encoded` keeps the bytes as they are. The default refuses them.
  ///
  /// - Parameters:
  ///   - encoded: the encoded images one after another.
  ///   - byteCounts: how many bytes each has.
  ///   - labels: one label per image or none, and the same columns for all images of a store.
  /// - Throws: ``StoreError/Code/unsupported`` for a store of another layout, and for images that
  ///   this package does not decode; ``StoreError/Code/corrupt`` for an image that cannot be
  ///   decoded, unless the writer was told not to check; ``StoreError/Code/invalidArgument`` if
  ///   `encoded`, `byteCounts` and `labels` do not agree.
  mutating func append(
    encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
  ) throws(StoreError)

  /// Makes the images appended so far part of the store, visible and on the disk. The writer can
  /// append more afterwards.
  ///
  /// A program that dies later loses only what it appended after the last commit. A commit costs as
  /// much as finishing and beginning to append together: an archive gets a directory of all its
  /// images, a folder of images a `labels.csv`. So commit every few thousand images, or every few
  /// seconds. A new store appears with the first commit. An `HDF5Store` is written as a whole, so
  /// its writer does not commit; nor does a writer whose store replaces another. The default
  /// refuses.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if this store cannot be committed before it is
  ///   finished; ``StoreError/Code/busy`` if another writer takes over at the moment of the commit,
  ///   after which everything up to it is safe; what finishing throws.
  mutating func commit() throws(StoreError)

  /// Completes the store, syncs it to the disk and makes it appear.
  consuming func finish() throws(StoreError) -> Output
}

// Writers of pixels.

extension ImageStoreWriter where Self: ~Copyable {
  public var keepsEncodedImages: Bool { false }

  public mutating func append(
    encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
  ) throws(StoreError) {
    throw .keepsPixels
  }

  public mutating func commit() throws(StoreError) {
    throw StoreError(
      .unsupported, "this writer cannot commit before it is finished",
      remedy: "finish it, and append with another one")
  }
}

// Appending one image.

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends one image.
  ///
  /// - Parameters:
  ///   - pixels: the bytes of the image, row after row: `format.byteCount` of them.
  ///   - format: the format of the image.
  ///   - label: its label; give every image of a store one, or none.
  ///   - columns: its value in each column.
  public mutating func append(
    _ pixels: RawSpan, format: ImageFormat, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(
      pixels, layout: BatchLayout(format, count: 1),
      labels: ImageLabels(labels: label.map { [$0] }, columns: columns.mapValues { Column($0) }))
  }

  /// Appends one image of samples.
  ///
  /// - Parameters:
  ///   - samples: `format.sampleCount` samples, row after row, pixel after pixel; or, as `UInt8`,
  ///     the bytes of an image of any format.
  ///   - format: the format of the image.
  ///   - label: its label; give every image of a store one, or none.
  ///   - columns: its value in each column.
  /// - Throws: ``StoreError/Code/invalidArgument`` for samples whose type or number does not fit
  ///   `format`.
  public mutating func append<Sample: ImageSample>(
    _ samples: Span<Sample>, format: ImageFormat, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try Sample.check(BatchLayout(format, count: 1))
    try append(samples.pixelBytes, format: format, label: label, columns: columns)
  }

  /// Appends one image of samples in an array; otherwise as with a span of them.
  public mutating func append<Sample: ImageSample>(
    _ samples: [Sample], format: ImageFormat, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(samples.span, format: format, label: label, columns: columns)
  }

  /// Appends one image of 8-bit samples, or of bools; see the method for spans.
  ///
  /// A literal of integers is read as such samples, even if the format states another type.
  public mutating func append(
    _ samples: [UInt8], format: ImageFormat, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(samples.span, format: format, label: label, columns: columns)
  }
}

// Appending encoded images.

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends one encoded image, such as the bytes of a file.
  ///
  ///     try LMDBStore.write(to: "photographs.lmdb", layout: .encoded) { writer in
  ///       for (file, label) in files { try writer.append(encoded: Array(Data(contentsOf: file)), label: label) }
  ///     }
  ///
  /// - Parameters:
  ///   - encoded: all bytes of the image.
  ///   - label: its label; give every image of a store one, or none.
  ///   - columns: its value in each column.
  /// - Throws: as ``append(encoded:byteCounts:labels:)``.
  public mutating func append(
    encoded: RawSpan, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(
      encoded: encoded, byteCounts: [encoded.byteCount],
      labels: ImageLabels(labels: label.map { [$0] }, columns: columns.mapValues { Column($0) }))
  }

  /// Appends one encoded image in an array; otherwise as with a span of it.
  public mutating func append(
    encoded: [UInt8], label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(encoded: encoded.span.pixelBytes, label: label, columns: columns)
  }
}

// Appending many.

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends images of samples.
  ///
  /// - Parameters:
  ///   - samples: the samples of the images one after another; or, as `UInt8`, the bytes of images
  ///     of any format.
  ///   - layout: the formats of the images.
  ///   - labels: one label per image, or nil if the images of this store have none.
  ///   - columns: further columns, with one value per image.
  /// - Throws: ``StoreError/Code/invalidArgument`` for samples whose type or number does not fit
  ///   `layout`.
  public mutating func append<Sample: ImageSample>(
    _ samples: Span<Sample>, layout: BatchLayout, labels: [Int]? = nil, columns: [String: Column] = [:]
  ) throws(StoreError) {
    try Sample.check(layout)
    try append(samples.pixelBytes, layout: layout, labels: ImageLabels(labels: labels, columns: columns))
  }

  /// Appends images of samples in an array; otherwise as with a span of them.
  public mutating func append<Sample: ImageSample>(
    _ samples: [Sample], layout: BatchLayout, labels: [Int]? = nil, columns: [String: Column] = [:]
  ) throws(StoreError) {
    try append(samples.span, layout: layout, labels: labels, columns: columns)
  }

  /// Appends a batch of 8-bit samples, or of bools; see the method for spans.
  ///
  /// A literal of integers is read as such samples, even if the layout states another type.
  public mutating func append(
    _ samples: [UInt8], layout: BatchLayout, labels: [Int]? = nil, columns: [String: Column] = [:]
  ) throws(StoreError) {
    try append(samples.span, layout: layout, labels: labels, columns: columns)
  }

  /// Appends a batch with its labels.
  ///
  /// - Parameters:
  ///   - batch: images that were read from a store.
  ///   - columns: further columns, with one value per image; a batch has none of its own.
  public mutating func append(
    _ batch: borrowing ImageBatch, columns: [String: Column] = [:]
  ) throws(StoreError) {
    let labels = batch.labels.isEmpty ? nil : batch.labels.map(Int.init)
    try append(batch.pixels, layout: batch.layout, labels: ImageLabels(labels: labels, columns: columns))
  }

  /// Appends all images of a store with their labels and columns, a bounded number of bytes at a time.
  ///
  /// Class names belong to the writer: give it those of `store` when it is made. If the new store
  /// has the layout `encoded` and the images of `store` are encoded, they are copied as they are.
  ///
  /// - Parameters:
  ///   - store: the store whose images are appended.
  ///   - commitEvery: the number of images after which the writer commits each time; nil leaves
  ///     that to the caller. See ``commit()``.
  ///   - progress: called from time to time with the number of images appended by this call.
  public mutating func append(
    contentsOf store: any ImageStore, commitEvery: Int? = nil, progress: (_ appended: Int) -> Void = { _ in }
  ) throws(StoreError) {
    if let commitEvery, commitEvery < 1 {
      throw StoreError(
        .invalidArgument, "a commit every \(commitEvery) images is not possible", remedy: "give 1 or more")
    }
    store.advise(.sequential)
    let source = AppendedStore(store, labels: try ImageLabels(of: store), commitEvery: commitEvery ?? .max)
    if keepsEncodedImages && store.hasEncodedImages {
      try appendEncoded(source, progress: progress)
    } else {
      try appendPixels(source, progress: progress)
    }
  }

  /// Commits if enough images have been appended since the last commit.
  private mutating func commit(
    _ source: AppendedStore, after appended: Int, since committed: inout Int
  ) throws(StoreError) {
    guard appended - committed >= source.commitEvery else { return }
    try commit()
    committed = appended
  }

  private mutating func appendPixels(
    _ source: AppendedStore, progress: (_ appended: Int) -> Void
  ) throws(StoreError) {
    let store = source.store
    var batch = ImageBatch()
    var (start, committed) = (0, 0)
    while start < store.count {
      let end = min(
        try store.endOfRun(from: start, byteCount: 8 << 20),
        committed + min(source.commitEvery, store.count - committed))
      source.announce(end..<2 * end - start)
      let runLabels = source.labels(of: start..<end)
      if let resident = store as? InMemoryStore {
        let layout = resident.layout(of: start..<end)
        try unsafe withRawSpan(of: resident.pixels(of: start..<end)) { (pixels) throws(StoreError) in
          try append(pixels, layout: layout, labels: runLabels)
        }
      } else {
        try store.readPixels(start..<end, into: &batch)
        try append(batch.pixels, layout: batch.layout, labels: runLabels)
      }
      start = end
      try commit(source, after: end, since: &committed)
      progress(start)
    }
  }

  /// Appends encoded images as they are.
  private mutating func appendEncoded(
    _ source: AppendedStore, progress: (_ appended: Int) -> Void
  ) throws(StoreError) {
    let most = 8 << 20
    let step = 256
    var bytes: [UInt8] = []
    bytes.reserveCapacity(most)
    var byteCounts: [Int] = []
    var (first, committed) = (0, 0)
    func pass(_ images: RawSpan, _ byteCounts: [Int], to writer: inout Self) throws(StoreError) {
      let end = first + byteCounts.count
      try writer.append(
        encoded: images, byteCounts: byteCounts, labels: source.labels(of: first..<end))
      first = end
      try writer.commit(source, after: end, since: &committed)
      progress(end)
    }
    func flush(_ writer: inout Self) throws(StoreError) {
      guard !byteCounts.isEmpty else { return }
      try pass(bytes.span.pixelBytes, byteCounts, to: &writer)
      bytes.removeAll(keepingCapacity: true)
      byteCounts.removeAll(keepingCapacity: true)
    }
    for start in stride(from: 0, to: source.store.count, by: step) {
      let end = min(start + step, source.store.count)
      source.announce(end..<end + step)
      try source.store.forEachEncodedImage(Array(start..<end).span) { (_, image) throws(StoreError) in
        let isCommit = first + byteCounts.count - committed >= source.commitEvery
        if bytes.count + image.byteCount > most || isCommit { try flush(&self) }
        // One that fills a run by itself is not copied.
        guard image.byteCount <= most else { return try pass(image, [image.byteCount], to: &self) }
        unsafe image.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        byteCounts.append(image.byteCount)
      }
    }
    try flush(&self)
  }
}

/// A store whose images a writer appends, with their labels and columns.
private struct AppendedStore {
  let store: any ImageStore
  private let labels: ImageLabels
  /// The number of images between commits.
  let commitEvery: Int
  /// The system itself reads ahead of a file that is read in order, but not from one file to the next.
  private let announces: Bool

  init(_ store: any ImageStore, labels: ImageLabels, commitEvery: Int) {
    self.store = store
    self.commitEvery = commitEvery
    self.labels = labels
    announces = store.residentShare() < 0.98 && store.knownImageSources == nil
  }

  func labels(of images: Range<Int>) -> ImageLabels {
    ImageLabels(
      labels: labels.labels.map { Array($0[images]) },
      columns: labels.columns.mapValues { $0.gathering(images) })
  }

  /// Announces images, as far as they exist.
  func announce(_ images: Range<Int>) {
    guard announces else { return }
    store.willRead(Array(images.clamped(to: 0..<store.count)).span)
  }
}

extension ImageLabels {
  /// The labels and columns of all images of a store.
  fileprivate init(of store: any ImageStore) throws(StoreError) {
    self.init(labels: try store.labels())
    for name in store.columnNames { columns[name] = try store.column(name) }
  }
}

extension ImageSample {
  /// Checks that images of a layout can be given as such samples.
  fileprivate static func check(_ layout: BatchLayout) throws(StoreError) {
    // Bytes are what every image consists of.
    guard Self.self != UInt8.self else { return }
    for position in 0..<(layout.uniformFormat == nil ? layout.count : min(1, layout.count))
    where !isSample(of: layout[position].elementType) {
      throw StoreError(
        .invalidArgument, "\(elementType.name) samples were given for an image of \(layout[position])",
        remedy: "give samples of the type that the format states", image: position)
    }
  }
}

extension Span where Element: ImageSample {
  /// The bytes of the samples.
  fileprivate var pixelBytes: RawSpan {
    @_lifetime(copy self)
    get {
      // Such types have no padding: every byte of theirs is initialised.
      unsafe bytes
    }
  }
}

extension ImageStore {
  /// The end of the longest run of images from `start` that takes no more than `byteCount` bytes, at
  /// least one image and at most 16,384.
  package func endOfRun(from start: Int, byteCount: Int) throws(StoreError) -> Int {
    let most = min(count, start + 16_384)
    if let format {
      return min(most, start + max(1, byteCount / format.byteCount))
    }
    var end = start + 1
    var total = try format(at: start).byteCount
    while end < most {
      total += try format(at: end).byteCount
      if total > byteCount { break }
      end += 1
    }
    return end
  }
}
