import Foundation
import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport
import Testing

/// Bytes that are compressed as one, read in every order, against the bytes themselves.
@Suite struct InflatedBytesTests {
  /// More than is brought to memory at once: blocks of noise, each of which is told from the next.
  private static let blockByteCount = 1 << 12
  private static let blockCount = (InflatedBytes.smallByteCount >> 12) + 500
  private static let noise = (0..<1 << 12).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }

  private static func block(_ number: Int) -> [UInt8] {
    var block = noise
    for byte in 0..<8 { block[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    return block
  }

  private static let content: [UInt8] = (0..<blockCount).flatMap { block($0) }
  private static let raw = Result {
    var deflater = try Deflater(.raw, level: 1)
    try unsafe deflater.deflate(content.span.bytes)
    return unsafe deflater.bytes.withUnsafeBytes { unsafe Array($0) }
  }
  private static let checksum = unsafe content.withUnsafeBytes { unsafe crc32($0) }

  private func read(_ bytes: InflatedBytes, _ numbers: [Int]) throws {
    var seen: [Int] = []
    try unsafe bytes.forEach(count: numbers.count) { position in
      let start = numbers[position] * Self.blockByteCount
      return start..<start + Self.blockByteCount
    } _: { (position, start) throws(StoreError) in
      let found = unsafe UnsafeRawBufferPointer(start: start, count: Self.blockByteCount)
      if unsafe found.elementsEqual(Self.block(numbers[position])) { seen.append(numbers[position]) }
    }
    #expect(seen == numbers)
  }

  private func open(_ raw: [UInt8], checksum: UInt32?) throws -> InflatedBytes {
    // A map, since pages that have been read are given back to the system.
    let url = FileManager.default.temporaryDirectory.appending(path: "inflated-\(UUID().uuidString)")
    try Data(raw).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let map = try MappedFile(url.path)
    return unsafe InflatedBytes(map.bytes, of: map, .raw(checksum: checksum), byteCount: Self.content.count)
  }

  @Test func passesInOrderTakeNoMemory() throws {
    let bytes = try open(Self.raw.get(), checksum: Self.checksum)
    for _ in 0..<2 {
      for start in stride(from: 0, to: Self.blockCount, by: 64) {
        try read(bytes, Array(start..<min(start + 64, Self.blockCount)))
      }
    }
    // A little out of order, as threads come, repeats, and parts left out.
    try read(bytes, [100, 100, 164, 700])
    try read(bytes, [40, 41])
    #expect(bytes.resident == nil)
  }

  @Test func anyOtherOrderBringsAllToMemory() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let bytes = try open(Self.raw.get(), checksum: Self.checksum)
    try read(bytes, [7, 3])
    #expect(bytes.resident != nil)
    try read(bytes, (0..<200).map { _ in Int.random(in: 0..<Self.blockCount, using: &generator) })
    // One at a time looks like order, and ends in memory after a few passes' work.
    let single = try open(Self.raw.get(), checksum: Self.checksum)
    for _ in 0..<60 { try read(single, [Int.random(in: 0..<Self.blockCount, using: &generator)]) }
    #expect(single.resident != nil, "seed \(seed)")
  }

  @Test func damageIsFoundByTheEnd() throws {
    let wrong = try open(Self.raw.get(), checksum: Self.checksum ^ 1)
    try read(wrong, [0, 1])
    let error = #expect(throws: StoreError.self) { try read(wrong, [Self.blockCount - 1]) }
    #expect(error?.code == .corrupt)
    let cut = try open(Array(Self.raw.get().prefix(Self.raw.get().count / 2)), checksum: nil)
    try read(cut, [0])
    #expect(throws: StoreError.self) { try read(cut, [Self.blockCount - 1]) }
    #expect(throws: StoreError.self) {
      try read(open(Array(Self.raw.get().prefix(9)), checksum: nil), [5, 0])
    }
  }
}
