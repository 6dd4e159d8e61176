import ImageStoreCore
import ImageStorePlatform
import Synchronization
import Testing

@testable import ImageLoading

/// A source that says that nothing of it is in memory, and keeps what is asked of it.
private final class RecordingSource: ByteSource {
  struct Calls {
    var requested: [Range<Int>] = []
    var fetched: [Range<Int>] = []
    var letGo: [Range<Int>] = []
    var pattern: AccessPattern?
    /// The most bytes that were requested and not let go of, at any time.
    var mostHeld = 0
    var held = 0
  }

  let calls = Mutex(Calls())
  private let memory: PixelMemory
  let share: Double

  init(byteCount: Int, share: Double = 0) throws {
    memory = try PixelMemory(capacity: byteCount)
    try memory.fill { (output) throws(StoreError) in
      for offset in 0..<byteCount {
        unsafe output.append(UInt8(truncatingIfNeeded: offset / 100), as: UInt8.self)
      }
    }
    self.share = share
  }

  static var regionByteCount: Int { 30_000 }
  var byteCount: Int { memory.byteCount }
  @unsafe var bytes: UnsafeRawBufferPointer { unsafe memory.bytes }
  func advise(_ pattern: AccessPattern) { calls.withLock { $0.pattern = pattern } }
  func willRead(_ ranges: Span<Range<Int>>) {
    calls.withLock {
      for number in ranges.indices {
        $0.requested.append(ranges[number])
        $0.held += ranges[number].count
      }
      $0.mostHeld = max($0.mostHeld, $0.held)
    }
  }
  func residentShare() -> Double { share }
  func fetch(_ range: Range<Int>) { calls.withLock { $0.fetched.append(range) } }
  func letGo(_ ranges: Span<Range<Int>>) {
    calls.withLock {
      for number in ranges.indices {
        $0.letGo.append(ranges[number])
        $0.held -= ranges[number].count
      }
    }
  }
}

/// Images of 10x10 bytes one after another in a source.
private struct SourceStore: SourcedStore {
  let source: RecordingSource
  var count: Int { source.byteCount / 100 }
  var format: ImageFormat? { ImageFormat(height: 10, width: 10) }
  var imageSources: [any ByteSource] { [source] }
  var checksumCoverage: ChecksumCoverage { .noImages }
  func format(at index: Int) throws(StoreError) -> ImageFormat { ImageFormat(height: 10, width: 10) }
  func labels() -> [Int]? { nil }
  func advise(_ pattern: AccessPattern) { source.advise(pattern) }
  func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  func residentShare() -> Double { source.residentShare() }
  func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    let number = ranges.number(of: source)
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      ranges.append(indices[position] * 100..<indices[position] * 100 + 100, of: number)
    }
  }
  func forEachImage(
    _ indices: Span<Int>, _ body: (Int, ImageFormat, RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let image = unsafe UnsafeRawBufferPointer(
        rebasing: source.bytes[indices[position] * 100..<indices[position] * 100 + 100])
      try unsafe body(position, ImageFormat(height: 10, width: 10), RawSpan(_unsafeBytes: image))
    }
  }
}

extension LoaderTests {
  @Suite(.serialized) struct ReadAheadTests {
    private static let count = 20_000

    /// Runs the threads of a read-ahead to their end, the workers being told to be at each position in turn.
    private func run(
      _ order: SampleOrder, room: Int, on store: SourceStore, sharing shard: (Int, Int)? = nil
    ) throws -> RecordingSource.Calls {
      let order = shard.map { order.sharded($0.0, of: $0.1) } ?? order
      let indices = try order.indices(of: store)
      let readAhead = try #require(LoaderReadAhead(of: [store], in: order, indices, room: room))
      readAhead.start()
      // The workers wait for the first announcement, or they might be at the end before it.
      for _ in 0..<20_000
      where store.source.calls.withLock({ $0.requested.isEmpty && $0.fetched.isEmpty }) { usleep(500) }
      for position in stride(from: 0, through: indices.count + 128, by: 128) {
        readAhead.advance(max(0, position - 256), min(position, indices.count))
      }
      readAhead.advance(indices.count, indices.count)
      readAhead.waitForThreads()
      return store.source.calls.withLock { $0 }
    }

    private func covers(_ ranges: [Range<Int>]) -> Bool {
      var end = 0
      for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        guard range.lowerBound <= end else { return false }
        end = max(end, range.upperBound)
      }
      return end == Self.count * 100
    }

    @Test(arguments: [
      SampleOrder.sequential, .shuffled(seed: 1, epoch: 0),
      .blockShuffled(seed: 1, epoch: 0, blockSize: 50, window: 40),
    ])
    func aFileThatFitsIsReadInRegionsEachOnce(order: SampleOrder) throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let calls = try run(order, room: 1 << 30, on: store)
      #expect(covers(calls.fetched))
      #expect(calls.fetched.reduce(0) { $0 + $1.count } == Self.count * 100)
      #expect(calls.requested.isEmpty && calls.letGo.isEmpty)
    }

    /// Workers read no image before its region is there.
    @Test func imagesWaitForTheirRegions() throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let order = SampleOrder.shuffled(seed: 3, epoch: 0)
      let indices = try order.indices(of: store)
      let readAhead = try #require(LoaderReadAhead(of: [store], in: order, indices, room: 1 << 30))
      readAhead.start()
      for start in stride(from: 0, to: indices.count, by: 100) {
        readAhead.waitUntilReadable(upTo: start + 100)
        let regions = Set(indices.array(start..<start + 100).map { $0 * 100 / 30_000 })
        let fetched = Set(store.source.calls.withLock { $0.fetched.map { $0.lowerBound / 30_000 } })
        #expect(regions.isSubset(of: fetched))
      }
      readAhead.waitForThreads()
    }

    /// Images whose places a store does not know may be anywhere.
    @Test func allIsReadIfNobodyKnowsWhereImagesAre() throws {
      let source = try RecordingSource(byteCount: Self.count * 100)
      var plan = RegionPlan([source, source])
      #expect(plan.missingCount == 67)
      let regions = plan.regions(of: [1, 2, 3], in: [])
      #expect(regions.map(\.number) == Array(0..<67) && plan.missingCount == 0)
      #expect(plan.regions(of: [4], in: [SourceStore(source: source)]).isEmpty)
    }

    @Test func aFileThatDoesNotFitIsAnnouncedByImage() throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let calls = try run(.shuffled(seed: 1, epoch: 0), room: 1 << 20, on: store)
      #expect(calls.fetched.isEmpty && calls.letGo.isEmpty)
      #expect(!calls.requested.isEmpty)
      for range in calls.requested { #expect(range.lowerBound >= 0 && range.upperBound <= Self.count * 100) }
    }

    /// No more than two windows are held at a time.
    @Test(arguments: [1 << 20, 2_400_000])
    func windowsAreReadWholeAndLetGoIfMemoryIsShort(room: Int) throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: 50, window: 40)
      let calls = try run(order, room: room, on: store)
      #expect(calls.fetched.isEmpty)
      #expect(covers(calls.requested))
      #expect(covers(calls.letGo))
      // What is between blocks near one another is requested, too; three windows would be more.
      #expect(calls.mostHeld < 2 * 40 * 50 * 100 / 10 * 13)
    }

    @Test func shardsOfAWindowLetNothingGo() throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: 50, window: 40)
      let calls = try run(order, room: 4 << 20, on: store, sharing: (1, 4))
      #expect(covers(calls.requested))
      #expect(calls.letGo.isEmpty)
    }

    /// A process with lanes of its own has its own part of the file fetched, and the next process
    /// has the rest.
    @Test(arguments: [1 << 30, 1 << 20])
    func lanesAreReadByOneProcessEach(room: Int) throws {
      let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: 50, window: 40, lanes: 8)
      var all: [Range<Int>] = []
      for number in 0..<4 {
        let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
        let calls = try run(order, room: room, on: store, sharing: (number, 4))
        #expect(calls.fetched.isEmpty)
        #expect(calls.requested.reduce(0) { $0 + $1.count } == Self.count * 100 / 4)
        #expect(
          calls.letGo.reduce(0) { $0 + $1.count } == (room < Self.count * 100 ? Self.count * 100 / 4 : 0))
        all += calls.requested
      }
      #expect(covers(all))
    }

    @Test func imagesInOrderAreReadInRuns() throws {
      let store = SourceStore(source: try RecordingSource(byteCount: Self.count * 100))
      let calls = try run(.sequential, room: 1 << 20, on: store)
      #expect(calls.requested.isEmpty)
      #expect(!calls.fetched.isEmpty)
      // Only what was fetched is released; the workers may have been too fast for the rest.
      func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { all, range in
          if let last = all.last, last.upperBound == range.lowerBound {
            all[all.count - 1] = last.lowerBound..<range.upperBound
          } else if !range.isEmpty {
            all.append(range)
          }
        }
      }
      #expect(merged(calls.letGo) == merged(calls.fetched))
    }

    @Test func whatIsInMemoryIsNotReadAhead() throws {
      let store = SourceStore(source: try RecordingSource(byteCount: 1000, share: 1))
      for order in [SampleOrder.sequential, .shuffled(seed: 1, epoch: 0)] {
        #expect(LoaderReadAhead(of: [store], in: order, try order.indices(of: store)) == nil)
      }
    }

    @Test func announcementsPassThroughWrappers() throws {
      let source = try RecordingSource(byteCount: 2000)
      let store = SourceStore(source: source)
      let two = ConcatenatedStore([try store.subset([3, 1, 4]), try store.subset(10..<20).verifyingReads()])
      #expect(two.knownImageSources?.count == 1)
      #expect(two.residentShare() == 0)
      two.willRead([0, 2, 5, 100, -1].span)
      let requested = source.calls.withLock { $0.requested }
      // The third and fourth image are neighbours, and what is between them and the others is little.
      #expect(requested == [300..<500, 1200..<1300])
    }

    @Test func rangesNearOneAnotherAreOne() throws {
      let (a, b) = (try RecordingSource(byteCount: 10), try RecordingSource(byteCount: 10))
      var ranges = ImageRanges()
      let (first, second) = (ranges.number(of: a), ranges.number(of: b))
      let far = 10 * ImageRanges.mostBytesBetween
      for start in [far, 0, 50, far + 5] { ranges.append(start..<start + 10, of: first) }
      ranges.append(7..<8, of: second)
      #expect(ranges.number(of: a) == first)
      var found: [[Range<Int>]] = []
      ranges.forEachSource { _, ranges in found.append((0..<ranges.count).map { ranges[$0] }) }
      #expect(found == [[0..<60, far..<far + 15], [7..<8]])
    }
  }
}
