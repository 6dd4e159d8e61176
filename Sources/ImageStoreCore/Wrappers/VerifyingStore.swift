/// A store that checks the checksum of every image it reads, before it does.
///
///     let train = try LMDBStore(at: "train.lmdb").verifyingReads()
///
/// Where pixels are mapped, that is a pass over them more; where a format checks them as it decodes, it
/// costs nothing. What the store keeps no checksum of is read as ever.
public struct VerifyingStore: ImageStore {
  /// The store that is read from.
  public let base: any ImageStore

  /// - Parameter base: the store to read from.
  public init(_ base: any ImageStore) { self.base = base }

  public var count: Int { base.count }
  public var format: ImageFormat? { base.format }
  public var classNames: [String]? { base.classNames }
  public var columnNames: [String] { base.columnNames }
  public var sourcePaths: [String] { base.sourcePaths }
  public var lendsWithoutCopy: Bool { base.lendsWithoutCopy }
  public func format(at index: Int) throws(StoreError) -> ImageFormat { try base.format(at: index) }
  public func labels() throws(StoreError) -> [Int]? { try base.labels() }
  public func column(_ name: String) throws(StoreError) -> Column { try base.column(name) }
  public func advise(_ pattern: AccessPattern) { base.advise(pattern) }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try base.verify(indices)
    try base.read(indices, regions: regions, into: &destination)
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.verify(indices)
    try base.forEachImage(indices, body)
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try base.verify(progress: progress)
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) { try base.verify(indices) }
}

extension ImageStore {
  /// This store with the checksum of every image checked when it is read.
  public func verifyingReads() -> VerifyingStore { VerifyingStore(self) }
}
