/// Images held in memory, one after another, with their labels and columns.
///
/// This is the fastest store, and the others are compared with it: reading copies, borrowing does
/// not. It is made from another store, or image by image:
///
///     let fast = try InMemoryStore(copying: store)
///
///     let pets = try InMemoryStore(classNames: ["cat", "dog"]) { writer in
///       try writer.append(pixels, format: format, label: 1)
///     }
public final class InMemoryStore: ImageStore {
  private let memory: PixelMemory
  private let layout: BatchLayout
  private let imageLabels: ImageLabels
  public let classNames: [String]?
  public let columnNames: [String]

  /// Takes memory that nobody else writes to; the arguments agree with one another.
  init(memory: PixelMemory, layout: BatchLayout, labels: ImageLabels, classNames: [String]?) {
    self.memory = memory
    self.layout = layout
    imageLabels = labels
    self.classNames = classNames
    columnNames = labels.columns.keys.sorted()
  }

  /// Shares the memory of another store, which is no longer written to.
  private convenience init(sharing other: InMemoryStore) {
    self.init(
      memory: other.memory, layout: other.layout, labels: other.imageLabels, classNames: other.classNames)
  }

  /// Collects the images that a closure appends.
  ///
  /// - Parameters:
  ///   - classNames: the names of the classes that labels count from 0.
  ///   - body: appends images to the writer.
  /// - Throws: what `body` throws, and the error of an append that failed.
  public convenience init(
    classNames: [String]? = nil, _ body: (inout Writer) throws -> Void
  ) throws {
    var writer = Writer(classNames: classNames)
    try body(&writer)
    self.init(sharing: try writer.finish())
  }

  /// Reads a whole store: its pixels, labels, columns and class names.
  ///
  /// - Throws: what reading throws; ``StoreError/Code/limitExceeded`` if there is not enough
  ///   memory.
  public convenience init(copying store: any ImageStore) throws(StoreError) {
    var labels = ImageLabels(labels: try store.labels())
    for name in store.columnNames { labels.columns[name] = try store.column(name) }
    try labels.validate(count: store.count)
    let layout = try store.layoutOfAll()
    let memory = try PixelMemory(capacity: layout.byteCount)
    store.advise(.sequential)
    var start = 0
    while start < store.count {
      // Long runs keep the threads of a backend busy; their end bounds the list of indices.
      let end = try store.endOfRun(from: start, byteCount: 64 << 20)
      let indices = Array(start..<end)
      try memory.append { (output) throws(StoreError) in
        try store.read(indices.span, regions: Span(), into: &output)
      }
      start = end
    }
    guard memory.byteCount == layout.byteCount else {
      throw StoreError(
        .corrupt, "\(memory.byteCount) bytes of pixels instead of the \(layout.byteCount) announced")
    }
    self.init(memory: memory, layout: layout, labels: labels, classNames: store.classNames)
  }

  public var count: Int { layout.count }

  public var format: ImageFormat? { count == 0 ? nil : layout.uniformFormat }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    return layout[index]
  }

  public func labels() -> [Int]? { imageLabels.labels }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let column = imageLabels.columns[name] else { throw .noColumn(name, among: columnNames) }
    return column
  }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    // The bytes stay where they are for as long as self lives, and self outlives the call.
    let base = unsafe memory.bytes.baseAddress!
    guard let byteCount = plan.uniformFormat?.byteCount else {
      return try unsafe destination.gather(plan) { (index) throws(StoreError) in
        unsafe base + layout.byteRange(of: index).lowerBound
      }
    }
    try unsafe destination.gather(plan) { (index) throws(StoreError) in unsafe base + index &* byteCount }
  }

  /// How images that follow one another are laid out.
  func layout(of range: Range<Int>) -> BatchLayout {
    if let format = layout.uniformFormat { return BatchLayout(format, count: range.count) }
    return BatchLayout(range.map { layout[$0] })
  }

  /// The pixels of images that follow one another, for as long as the store lives.
  ///
  /// - Precondition: `range` is not empty.
  func pixels(of range: Range<Int>) -> UnsafeRawBufferPointer {
    let start = layout.byteRange(of: range.lowerBound).lowerBound
    let end = layout.byteRange(of: range.upperBound - 1).upperBound
    return unsafe UnsafeRawBufferPointer(rebasing: memory.bytes[start..<end])
  }

  public var isZeroCopy: Bool { true }

  /// Memory has no checksums.
  public var checksumCoverage: ChecksumCoverage { .noImages }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      let format = try format(at: index)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: memory.bytes[layout.byteRange(of: index)])
      try unsafe withRawSpan(of: bytes) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }
}

extension ImageStore {
  /// How all images are laid out in memory once read.
  func layoutOfAll() throws(StoreError) -> BatchLayout {
    if let format {
      let (_, overflow) = format.byteCount.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw StoreError(.limitExceeded, "\(count) images of \(format) do not fit in memory")
      }
      return BatchLayout(format, count: count)
    }
    var formats: [ImageFormat] = []
    formats.reserveCapacity(count)
    for index in 0..<count { formats.append(try format(at: index)) }
    return BatchLayout(formats)
  }
}
