/// Writes a store that appears when it is finished, or not at all.
///
/// A writer cannot be copied and ``finish()`` consumes it, so appending to a finished store or
/// finishing one twice does not compile. A writer that is dropped, or whose process dies, leaves what
/// was there before: nothing, the store to be replaced, or the store as it was before an append.
///
/// The stores of this package have a `write(to:)` that makes one for a closure and finishes it.
public protocol ImageStoreWriter: ~Copyable {
  /// What ``finish()`` returns: nothing if the store is in a file, the store itself if it is in memory.
  associatedtype Output = Void

  /// How many images this writer has appended; those of a store that it appends to do not count.
  var count: Int { get }

  /// Appends a run of images.
  ///
  /// After an error the writer is to be dropped: appending more, or finishing, throws the same error again.
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

  /// Completes the store, synchronises it with the disk and makes it appear.
  consuming func finish() throws(StoreError) -> Output
}

// Appending one image.

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends one image.
  ///
  /// - Parameters:
  ///   - pixels: the bytes of the image, row after row: `format.byteCount` of them.
  ///   - format: what they are.
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
  ///   - samples: `format.sampleCount` samples, row after row, pixel after pixel; or, as `UInt8`, the bytes of an image
  ///     of any format.
  ///   - format: what they are.
  ///   - label: its label; give every image of a store one, or none.
  ///   - columns: its value in each column.
  /// - Throws: ``StoreError/Code/invalidArgument`` for samples that are not those of `format`, in type or in number.
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
  /// A literal of integers is taken for such samples, whatever the format states.
  public mutating func append(
    _ samples: [UInt8], format: ImageFormat, label: Int? = nil, columns: [String: Column.Value] = [:]
  ) throws(StoreError) {
    try append(samples.span, format: format, label: label, columns: columns)
  }
}

// Appending many.

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends images of samples.
  ///
  /// - Parameters:
  ///   - samples: the samples of the images one after another; or, as `UInt8`, the bytes of images of any format.
  ///   - layout: the formats of the images.
  ///   - labels: one label per image, or nil if the images of this store have none.
  ///   - columns: further columns, with one value per image.
  /// - Throws: ``StoreError/Code/invalidArgument`` for samples that are not those of `layout`, in type or in number.
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
  /// A literal of integers is taken for such samples, whatever the layout states.
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
  /// Class names are the writer's: give it those of `store` when it is made.
  ///
  /// - Parameters:
  ///   - store: whose images are appended.
  ///   - progress: called now and then with the number of images appended by this call.
  public mutating func append(
    contentsOf store: any ImageStore, progress: (_ appended: Int) -> Void = { _ in }
  ) throws(StoreError) {
    let labels = try store.labels()
    var columns: [String: Column] = [:]
    for name in store.columnNames { columns[name] = try store.column(name) }
    store.advise(.sequential)
    // The system itself reads ahead of a file that is read in order, but not from one file to the next.
    let announces = store.residentShare() < 0.98 && store.knownImageSources == nil
    var batch = ImageBatch()
    var start = 0
    while start < store.count {
      let end = try store.endOfRun(from: start, byteCount: 8 << 20)
      if announces { store.willRead(Array(end..<min(2 * end - start, store.count)).span) }
      let runLabels = ImageLabels(
        labels: labels.map { Array($0[start..<end]) },
        columns: columns.mapValues { $0.gathering(start..<end) })
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
      progress(start)
    }
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
        .invalidArgument, "\(elementType.name) samples for an image of \(layout[position])",
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
