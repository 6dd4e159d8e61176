import Foundation
import ImageLoading
import ImageStoreCore

/// The byte at an offset in an image of ``makeStore(count:height:width:channels:labelled:)``.
func byte(_ index: Int, _ offset: Int) -> UInt8 {
  let product = UInt64(index * 1_000_003 + offset + 1) &* 0x9E37_79B9_7F4A_7C15
  return UInt8(truncatingIfNeeded: product >> 56)
}

/// A store in memory of images that differ; labels count from 0 to 9 over and over.
func makeStore(
  count: Int, height: Int = 4, width: Int = 5, channels: Int = 3, labelled: Bool = true
) throws -> InMemoryStore {
  let format = ImageFormat(height: height, width: width, channels: channels)
  var pixels: [UInt8] = []
  pixels.reserveCapacity(count * format.byteCount)
  for index in 0..<count {
    for offset in 0..<format.byteCount { pixels.append(byte(index, offset)) }
  }
  var annotations = ImageLabels(labels: labelled ? (0..<count).map { $0 % 10 } : nil)
  annotations.columns["name"] = .string((0..<count).map { "image \($0)" })
  var writer = InMemoryStore.Writer()
  try unsafe writer.append(
    pixels.span.bytes, layout: BatchLayout(format, count: count), labels: annotations)
  return try writer.finish()
}

/// The bytes of a batch.
func bytes(_ span: RawSpan) -> [UInt8] {
  unsafe span.withUnsafeBytes { unsafe Array($0) }
}

/// Whether two spans hold the same bytes: fast in debug builds too.
func haveSameBytes(_ first: RawSpan, _ second: RawSpan) -> Bool {
  guard first.byteCount == second.byteCount else { return false }
  return unsafe first.withUnsafeBytes { first in
    unsafe second.withUnsafeBytes { second in
      guard let start = first.baseAddress, let other = second.baseAddress else { return true }
      return unsafe memcmp(start, other, first.count) == 0
    }
  }
}

/// A store that does something of its own when it is read.
struct WatchedStore: StoreWrapper {
  let base: any ImageStore
  var lends = false
  let onRead: @Sendable (_ indices: [Int]) throws(StoreError) -> Void

  init(
    _ base: any ImageStore, lends: Bool = false,
    onRead: @escaping @Sendable (_ indices: [Int]) throws(StoreError) -> Void
  ) {
    self.base = base
    self.lends = lends
    self.onRead = onRead
  }

  var isZeroCopy: Bool { lends }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try onRead(indices.indices.map { indices[$0] })
    try base.read(indices, regions: regions, into: &destination)
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try onRead(indices.indices.map { indices[$0] })
    try base.forEachImage(indices, body)
  }
}

extension BatchLoader {
  /// Calls `body` with every batch in turn.
  func forEachBatch(_ body: (LoadedBatch) throws -> Void) throws {
    var batches = makeBlockingIterator()
    while let batch = try batches.next() { try body(batch) }
  }
}

/// Waits until something holds, and no longer than ten seconds.
func wait(until holds: () -> Bool) {
  for _ in 0..<20_000 {
    if holds() { return }
    usleep(500)
  }
}

/// Lets workers run as far ahead as they can.
func usleepBriefly() { usleep(2000) }
