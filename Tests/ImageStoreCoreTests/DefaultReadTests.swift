import ImageStoreCore
import ImageStoreTesting
import Testing

/// A store that has no read of its own, as the simplest of other packages have none.
private struct LendingStore: ImageStore {
  let base: InMemoryStore
  /// How many bytes are left out at the end of each image, against the protocol.
  var missing = 0
  /// How many images are not lent at all, against the protocol.
  var skipped = 0

  var count: Int { base.count }
  var format: ImageFormat? { base.format }
  var classNames: [String]? { base.classNames }
  var columnNames: [String] { base.columnNames }
  func format(at index: Int) throws(StoreError) -> ImageFormat { try base.format(at: index) }
  func labels() -> [Int]? { base.labels() }
  func column(_ name: String) throws(StoreError) -> Column { try base.column(name) }
  var checksumCoverage: ChecksumCoverage { .noImages }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.forEachImage(indices.extracting(droppingLast: skipped)) {
      (position, format, pixels) throws(StoreError) in
      try body(position, format, pixels.extracting(droppingLast: missing))
    }
  }
}

@Suite struct DefaultReadTests {
  @Test(arguments: ConformanceCheck.all)
  func conforms(_ check: ConformanceCheck) throws {
    var factory = StoreFactory.shelf("lent") { LendingStore(base: $0) }
    factory.capabilities.manyImages = 300
    for seed in 1...3 as ClosedRange<UInt64> { try check.run(on: factory, seed: seed) }
  }

  @Test(arguments: [ImageFormat(height: 2, width: 3), nil])
  func refusesLessThanWasAnnounced(_ common: ImageFormat?) throws {
    var writer = InMemoryStore.Writer()
    for height in 2...3 {
      let format = common ?? ImageFormat(height: height, width: 3)
      try writer.append([UInt8](repeating: 7, count: format.byteCount), format: format)
    }
    let base = try writer.finish()
    for store in [LendingStore(base: base, missing: 1), LendingStore(base: base, skipped: 1)] {
      let error = try #require(throws: StoreError.self) { _ = try store.read([0, 1]) }
      #expect(error.code == .corrupt)
    }
  }
}
