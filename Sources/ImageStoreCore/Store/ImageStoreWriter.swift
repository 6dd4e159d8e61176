/// Writes a store that appears when it is finished, or not at all.
///
/// A writer cannot be copied and ``finish()`` consumes it, so appending to a finished store or
/// finishing one twice does not compile. A writer that is dropped, or whose process dies, leaves what
/// stood there before: nothing, the store to be replaced, or the store as it was before an append.
///
/// The stores of this package have a `write(to:)` that makes one for a closure and finishes it.
public protocol ImageStoreWriter: ~Copyable {
  /// How many images have been appended.
  var count: Int { get }

  /// Appends a run of images.
  ///
  /// After an error the writer is to be dropped; appending more, or finishing, throws again.
  ///
  /// - Parameters:
  ///   - pixels: the images one after another, as `layout` says.
  ///   - layout: the formats of the images.
  ///   - annotations: a label an image or none, and the same columns for all images of a store.
  /// - Throws: ``StoreError/Code/unsupported`` for what the format cannot hold;
  ///   ``StoreError/Code/invalidArgument`` where `pixels`, `layout` and `annotations` do not agree, or
  ///   labels or columns do not agree with what was appended before; ``StoreError/Code/system``.
  mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
  ) throws(StoreError)

  /// Completes the store, synchronises it with the disk and makes it appear.
  consuming func finish() throws(StoreError)
}

extension ImageStoreWriter where Self: ~Copyable {
  /// Appends one image.
  public mutating func append(
    _ pixels: RawSpan, format: ImageFormat, label: Int? = nil
  ) throws(StoreError) {
    try append(
      pixels, layout: BatchLayout(format, count: 1),
      annotations: Annotations(labels: label.map { [$0] }))
  }

  /// Appends one image from an array of its bytes.
  public mutating func append(
    _ pixels: [UInt8], format: ImageFormat, label: Int? = nil
  ) throws(StoreError) {
    // Any bytes are bytes: what a raw span of them shows is initialised.
    try unsafe append(pixels.span.bytes, format: format, label: label)
  }

  /// Appends a batch.
  public mutating func append(_ batch: borrowing ImageBatch) throws(StoreError) {
    try append(batch.pixels, layout: batch.layout, annotations: batch.annotations)
  }

  /// Appends all images of a store with their labels and columns, a bounded number of bytes at a time.
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
    var batch = ImageBatch()
    var start = 0
    while start < store.count {
      let end = try store.endOfRun(from: start, byteCount: 8 << 20)
      let annotations = Annotations(
        labels: labels.map { Array($0[start..<end]) },
        columns: columns.mapValues { $0.gathering(start..<end) })
      if let resident = store as? InMemoryStore {
        let layout = resident.layout(of: start..<end)
        try unsafe withRawSpan(of: resident.pixels(of: start..<end)) { (pixels) throws(StoreError) in
          try append(pixels, layout: layout, annotations: annotations)
        }
      } else {
        try store.readPixels(start..<end, into: &batch)
        try append(batch.pixels, layout: batch.layout, annotations: annotations)
      }
      start = end
      progress(start)
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
