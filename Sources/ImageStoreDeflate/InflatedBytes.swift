package import ImageStoreCore
import ImageStorePlatform
import Synchronization

/// Bytes that are compressed as one, such as an array of all images in an entry of an archive, in
/// which inflating cannot start in the middle.
///
/// Read in order, they pass through a window of some MB. Read in another order, all of them are
/// kept in memory, once that costs less than inflating them again and again; if there is not enough
/// memory, the error has a remedy.
///
/// Invariant behind `@unchecked Sendable`: the stream and its window are used under the lock;
/// `source` stays as it is while ``owner`` lives.
@safe package final class InflatedBytes: @unchecked Sendable {
  /// How the bytes are compressed.
  package enum Container: Sendable {
    /// A raw deflate stream, and the CRC-32 of its content, if it should be compared.
    case raw(checksum: UInt32?)
    /// A gzip file, whose own checksums are compared.
    case gzip
  }

  /// How many bytes there are, or are of interest.
  package let byteCount: Int
  private let container: Container
  private let source: UnsafeRawBufferPointer
  private let owner: any AnyObject & Sendable
  private let lock = Mutex(())
  private var stream: InflatedWindow?
  private var memory: PixelMemory?
  /// How many bytes have been inflated, and how many of them were asked for.
  private var inflated = 0
  private var delivered = 0

  /// Of so many bytes all are brought to memory at once.
  package static let smallByteCount = 32 << 20

  /// - Parameters:
  ///   - source: the compressed bytes, a part of a file's map, which stays while `owner` lives.
  ///   - byteCount: how many bytes there are when inflated; of gzip, how many are of interest.
  @unsafe package init(
    _ source: UnsafeRawBufferPointer, of owner: any AnyObject & Sendable, _ container: Container,
    byteCount: Int
  ) {
    unsafe self.source = unsafe source
    self.owner = owner
    self.container = container
    self.byteCount = byteCount
  }

  /// All bytes, if they have been brought to memory.
  package var resident: PixelMemory? { lock.withLock { _ in memory } }

  /// Calls with ranges of the bytes, one after another.
  ///
  /// - Parameters:
  ///   - count: how many ranges.
  ///   - range: a range by its position among them; within the bytes.
  ///   - body: is given the position and the first byte of its range, which is good until it returns.
  /// - Throws: ``StoreError/Code/corrupt`` for damage up to the last of the ranges, and past it if
  ///   that is the end; ``StoreError/Code/limitExceeded`` if all bytes were needed in memory, and
  ///   there is not so much.
  package func forEach(
    count: Int, range: (_ position: Int) -> Range<Int>,
    _ body: (_ position: Int, _ start: UnsafeRawPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard count > 0 else { return }
    let known = try lock.withLock { (_) throws(StoreError) -> PixelMemory? in
      if let memory { return memory }
      if byteCount > Self.smallByteCount, isInOrder(count, range), try canStream(count, range) {
        let before = stream!.position
        for position in 0..<count {
          let range = range(position)
          try unsafe body(position, stream!.bytes(range))
          delivered += range.count
        }
        inflated += stream!.position - before
        return nil
      }
      memory = try bringAll()
      stream = nil
      return memory
    }
    guard let known else { return }
    let base = unsafe known.bytes.baseAddress!
    for position in 0..<count { try unsafe body(position, base + range(position).lowerBound) }
    withExtendedLifetime(known) {}
  }

  private func isInOrder(_ count: Int, _ range: (Int) -> Range<Int>) -> Bool {
    var last = 0
    for position in 0..<count {
      let start = range(position).lowerBound
      guard start >= last else { return false }
      last = start
    }
    return true
  }

  /// Whether the stream can reach some ranges from its position, or may begin again. It may begin
  /// again as long as not many more bytes have been inflated than were asked for, so passes in
  /// order can continue for ever, and random reads end with all bytes in memory.
  private func canStream(_ count: Int, _ range: (Int) -> Range<Int>) throws(StoreError) -> Bool {
    // A range that is most of the bytes is better read as all of them.
    guard (0..<count).allSatisfy({ range($0).count <= byteCount / 4 }) else { return false }
    let first = range(0).lowerBound
    let span = range(count - 1).upperBound - first
    let isReached = stream?.reaches(first) ?? false
    if !isReached {
      let cost = range(count - 1).upperBound
      guard inflated + cost <= 4 * (delivered + span) + byteCount else { return false }
      stream = nil
      stream = try unsafe InflatedWindow(source, container, byteCount: byteCount)
    }
    try stream!.makeRoom(forCallsOf: span)
    return true
  }

  private func bringAll() throws(StoreError) -> PixelMemory {
    let memory: PixelMemory
    do throws(StoreError) {
      // A system that lends more than it has would end the process instead.
      let isThere = byteCount / GrowingMemory.pageByteCount < sysconf(Int32(_SC_PHYS_PAGES))
      memory = try PixelMemory(capacity: isThere ? byteCount : .max)
    } catch {
      throw StoreError(
        .limitExceeded,
        "the images are compressed as one, so reading them in any order takes \(byteCount) bytes of memory, which cannot be had",
        remedy:
          "read them in order, which needs little memory; or convert the file to another format and read that"
      )
    }
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (target) throws(StoreError) in
        switch container {
        case .raw(let checksum):
          var inflater = Inflater(.raw)
          try unsafe inflater.inflate(source, into: target)
          if let checksum { try unsafe Self.check(crc32(UnsafeRawBufferPointer(target)), checksum) }
        case .gzip:
          var reader = try unsafe GzipReader(mapped: source)
          let found = try unsafe reader.read(into: target)
          guard found == byteCount else { throw .inflatesToLess(than: byteCount, found: found) }
          try reader.skipRest()
        }
      }
    }
    withExtendedLifetime(owner) {}
    return memory
  }

  fileprivate static func check(_ found: UInt32, _ expected: UInt32) throws(StoreError) {
    guard found == expected else {
      throw StoreError(
        .corrupt,
        "the compressed bytes are damaged: their CRC-32 is \(String(found, radix: 16)), not \(String(expected, radix: 16))",
        remedy: "fetch or write the file again")
    }
  }
}

/// A stream that is inflated from the start, with its last bytes.
///
/// Invariant behind `@safe`: the code that makes one keeps the compressed bytes readable while it
/// is used.
@safe final class InflatedWindow {
  // One of the two.
  private var raw: InflateReader? = nil
  private var gzip: GzipReader? = nil
  private let isGzip: Bool
  private let source: UnsafeRawBufferPointer
  /// How many of the compressed bytes the system has been told that it may take back.
  private var returned = 0
  private var checksum: UInt32? = nil
  private let byteCount: Int
  private var memory: GrowingMemory
  /// The bytes in memory, by their place in the stream.
  private var held = 0..<0
  private var found: UInt32 = 0
  private var history = leastHistory

  /// Bytes that stay in memory after those that were asked for: calls of several threads come a
  /// little out of order.
  private static let leastHistory = 8 << 20
  private static let mostHistory = 64 << 20
  /// How many bytes are inflated at a time.
  private static let pieceByteCount = 1 << 20

  /// How many bytes have been inflated.
  var position: Int { held.upperBound }

  @unsafe init(
    _ source: UnsafeRawBufferPointer, _ container: InflatedBytes.Container, byteCount: Int
  ) throws(StoreError) {
    self.byteCount = byteCount
    unsafe self.source = unsafe source
    isGzip = if case .gzip = container { true } else { false }
    memory = GrowingMemory()
    try memory.reserve(2 * history)
    switch container {
    case .raw(let checksum):
      raw = try unsafe InflateReader(source)
      self.checksum = checksum
    case .gzip: gzip = try unsafe GzipReader(mapped: source)
    }
  }

  /// Whether bytes from a position on can be read without beginning again.
  func reaches(_ place: Int) -> Bool { place >= held.lowerBound }

  /// Takes memory for calls that each ask for bytes up to so far apart.
  func makeRoom(forCallsOf span: Int) throws(StoreError) {
    let wanted = min(span.multipliedReportingOverflow(by: 4).partialValue, Self.mostHistory)
    guard wanted > history else { return }
    history = wanted
    try resize(to: history + max(history / 2, Self.pieceByteCount))
  }

  /// Bytes of the stream, which are good until the next call.
  func bytes(_ range: Range<Int>) throws(StoreError) -> UnsafeRawPointer {
    if range.count > memory.capacity - Self.pieceByteCount { try resize(to: range.count + history) }
    while held.upperBound < range.upperBound { try inflate(keeping: min(range.lowerBound, held.upperBound)) }
    return unsafe UnsafeRawPointer(memory.memory.baseAddress! + (range.lowerBound - held.lowerBound))
  }

  /// Inflates a piece.
  ///
  /// - Parameter place: bytes from there on stay.
  private func inflate(keeping place: Int) throws(StoreError) {
    let count = min(Self.pieceByteCount, byteCount - held.upperBound)
    if held.count + count > memory.capacity {
      let start = max(held.lowerBound, min(place, held.upperBound - min(history, memory.capacity / 2)))
      let kept = held.upperBound - start
      let base = unsafe memory.memory.baseAddress!
      unsafe base.copyMemory(from: base + (start - held.lowerBound), byteCount: kept)
      held = start..<held.upperBound
    }
    let target = unsafe UnsafeMutableRawBufferPointer(
      rebasing: memory.memory[held.count..<held.count + count])
    let isLast = held.upperBound + count == byteCount
    if isGzip {
      let read = try unsafe gzip!.read(into: target)
      guard read == count else { throw .inflatesToLess(than: byteCount, found: held.upperBound + read) }
      if isLast { try gzip!.skipRest() }
    } else {
      try unsafe raw!.read(into: target)
      if let checksum {
        found = unsafe crc32(UnsafeRawBufferPointer(target), continuing: found)
        if isLast { try InflatedBytes.check(found, checksum) }
      }
      if isLast { try raw!.finish(after: byteCount) }
    }
    held = held.lowerBound..<held.upperBound + count
    giveBack()
  }

  /// Releases the part of the file's map that has been read, so that a large file does not become
  /// as much memory of this process.
  private func giveBack() {
    let read = unsafe source.count - (gzip?.restByteCount ?? raw?.restByteCount ?? 0)
    guard read - returned >= 16 * Self.pieceByteCount else { return }
    // Whole pages within the source. They are the file's, and come back if anybody looks at them.
    let page = GrowingMemory.pageByteCount
    let start = unsafe UInt(bitPattern: source.baseAddress! + returned) + UInt(page) - 1
    let first = start / UInt(page) * UInt(page)
    let end = unsafe UInt(bitPattern: source.baseAddress! + read) / UInt(page) * UInt(page)
    returned = read
    guard end > first else { return }
    _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), Int32(MADV_DONTNEED))
  }

  private func resize(to capacity: Int) throws(StoreError) {
    var larger = GrowingMemory()
    try larger.reserve(max(capacity, memory.capacity))
    unsafe larger.memory.baseAddress!.copyMemory(from: memory.memory.baseAddress!, byteCount: held.count)
    memory = larger
  }
}

extension GzipReader {
  /// Inflates the rest, so that the checksum is compared.
  package mutating func skipRest() throws(StoreError) {
    var scratch = GrowingMemory()
    try scratch.reserve(1 << 16)
    while try unsafe read(into: scratch.memory) > 0 {}
  }
}
