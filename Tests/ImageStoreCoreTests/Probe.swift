import ImageStoreCore
import Synchronization

/// Counts the calls that reach a store, and fails on demand.
final class Probe: StoreWrapper {
  struct Calls: Equatable {
    var reads: [[Int]] = []
    var lendings: [[Int]] = []
    var advice: [AccessPattern] = []
    var verifications = 0
    var checks: [[Int]] = []
    var labels = 0
    var formats = 0
  }

  let base: any ImageStore
  let failure: StoreError?
  private let recorded = Mutex(Calls())

  init(_ base: any ImageStore, failure: StoreError? = nil) {
    self.base = base
    self.failure = failure
  }

  var calls: Calls { recorded.withLock { $0 } }
  /// A probe checks what it is asked to, if only by writing it down.
  var checksumCoverage: ChecksumCoverage { .allImages }

  func format(at index: Int) throws(StoreError) -> ImageFormat {
    recorded.withLock { $0.formats += 1 }
    return try base.format(at: index)
  }

  func labels() throws(StoreError) -> [Int]? {
    recorded.withLock { $0.labels += 1 }
    return try base.labels()
  }

  func column(_ name: String) throws(StoreError) -> Column {
    if let failure { throw failure }
    return try base.column(name)
  }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let list = indices.indices.map { indices[$0] }
    recorded.withLock { $0.reads.append(list) }
    if let failure { throw failure }
    try base.read(indices, regions: regions, into: &destination)
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let list = indices.indices.map { indices[$0] }
    recorded.withLock { $0.lendings.append(list) }
    try base.forEachImage(indices, body)
  }

  func advise(_ pattern: AccessPattern) { recorded.withLock { $0.advice.append(pattern) } }

  func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    recorded.withLock { $0.verifications += 1 }
    if let failure { throw failure }
    progress(count)
  }

  func verify(_ indices: Span<Int>) throws(StoreError) {
    recorded.withLock { $0.checks.append(indices.indices.map { indices[$0] }) }
    if let failure { throw failure }
  }
}
