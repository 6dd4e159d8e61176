/// A store made from another one, which implements only what it changes.
///
/// Everything a wrapper does not implement is passed on to ``base``: labels, columns, checksums,
/// advice, and the requirements that later versions of ``ImageStore`` add. A store that darkens its
/// images is
///
///     struct DarkStore: StoreWrapper {
///       let base: any ImageStore
///
///       func forEachImage(
///         _ indices: Span<Int>,
///         _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
///       ) throws(StoreError) { ... }
///
///       func read(
///         _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
///       ) throws(StoreError) { ... }
///
///       var isZeroCopy: Bool { false }
///     }
///
/// A wrapper whose images have other indices than those of ``base`` implements
/// ``ImageStore/count``, ``ImageStore/labels()``, ``ImageStore/column(_:)`` and
/// ``withBaseIndices(_:_:)``; every call that takes indices goes through the latter.
public protocol StoreWrapper: ImageStore {
  /// The store that is read from.
  var base: any ImageStore { get }

  /// Calls `body` once with the indices that some images have in ``base``, as many and in the same order.
  ///
  /// The default passes the indices on as they are.
  ///
  /// - Throws: what `body` throws; ``StoreError/Code/indexOutOfRange`` for an index that no image has.
  func withBaseIndices(
    _ indices: Span<Int>, _ body: (_ baseIndices: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError)
}

extension StoreWrapper {
  public var count: Int { base.count }
  public var format: ImageFormat? { base.format }
  public var classNames: [String]? { base.classNames }
  public var columnNames: [String] { base.columnNames }
  public var sourcePaths: [String] { base.sourcePaths }
  public var notes: [ReadingNote] { base.notes }
  public var isZeroCopy: Bool { base.isZeroCopy }
  public var checksumCoverage: ChecksumCoverage { base.checksumCoverage }
  public func labels() throws(StoreError) -> [Int]? { try base.labels() }
  public func column(_ name: String) throws(StoreError) -> Column { try base.column(name) }
  public func advise(_ pattern: AccessPattern) { base.advise(pattern) }
  public func residentShare() -> Double { base.residentShare() }

  public func willRead(_ indices: Span<Int>) {
    // An index that no image has is an error of the read.
    try? withBaseIndices(indices) { (indices) throws(StoreError) in base.willRead(indices) }
  }

  public func withBaseIndices(
    _ indices: Span<Int>, _ body: (_ baseIndices: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    try body(indices)
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    var format: ImageFormat?
    try withSpan(of: index) { (indices) throws(StoreError) in
      try withBaseIndices(indices) { (indices) throws(StoreError) in format = try base.format(at: indices[0])
      }
    }
    guard let format else { throw .indexOutOfRange(index, count: count) }
    return format
  }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try withBaseIndices(indices) { (indices) throws(StoreError) in
      try base.read(indices, regions: regions, into: &destination)
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try withBaseIndices(indices) { (indices) throws(StoreError) in try base.forEachImage(indices, body) }
  }

  /// Verifies all of ``base``, whose checksums may span more than the images of the wrapper.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try base.verify(progress: progress)
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    try withBaseIndices(indices) { (indices) throws(StoreError) in try base.verify(indices) }
  }
}
