import ImageStoreCore
import ImageStoreDeflate
import Testing

/// Raw streams have no checksum, so what is decoded and what is refused must be what zlib, used
/// directly, decodes and refuses.
@Suite struct RawStreamTests {
  /// The bytes, or nil if they are refused.
  func inflateRaw(_ stream: [UInt8], count: Int, room: Int) -> [UInt8]? {
    var inflater = Inflater(.raw)
    var output = [UInt8](repeating: 0xEE, count: room + 8)
    let isSound = unsafe stream.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { memory in
        let destination = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<room])
        return (try? unsafe inflater.inflate(source, into: destination, count: count)) != nil
      }
    }
    #expect(output[room...].allSatisfy { $0 == 0xEE }, "bytes after the room were written")
    return isSound ? Array(output[..<count]) : nil
  }

  @Test(arguments: 0..<150 as Range<UInt64>) func agreesWithZlib(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...(seed % 15 == 0 ? 100_000 : 2_000), using: &generator)
    let bytes = sampleBytes(count, seed: seed)
    let stream = zlibDeflateRaw(bytes, using: &generator)
    let room = count + [0, 1, 100, 400].randomElement(using: &generator)!
    #expect(inflateRaw(stream, count: count, room: room) == bytes, "seed \(seed)")
    #expect(inflateRaw(stream + [0], count: count, room: room) == nil, "seed \(seed)")
    let cut = Array(stream[..<Int.random(in: 0..<stream.count, using: &generator)])
    #expect(inflateRaw(cut, count: count, room: room) == nil, "seed \(seed)")
    for _ in 0..<8 {
      var damaged = stream
      // Most flips go where the code lengths are, since those have the most ways to be wrong.
      let end = Bool.random(using: &generator) ? stream.count : min(stream.count, 90)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        damaged[Int.random(in: 0..<end, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      let oracle = zlibInflateRaw(damaged, room: room)
      if let oracle, oracle.read == damaged.count {
        let found = inflateRaw(damaged, count: oracle.bytes.count, room: room)
        #expect(found == oracle.bytes, "seed \(seed)")
      } else {
        #expect(inflateRaw(damaged, count: count, room: room) == nil, "seed \(seed)")
      }
    }
  }

  /// Blocks that zlib never writes: by hand, bit for bit (RFC 1951).
  @Test(
    arguments: [
      // The reserved kind of block.
      ([0x07], nil),
      // An empty stored block, and one whose length and its complement disagree.
      ([0x01, 0x00, 0x00, 0xFF, 0xFF], []),
      ([0x01, 0x00, 0x00, 0xFF, 0xFE], nil),
      ([0x01, 0x02, 0x00, 0xFD, 0xFF, 0x41, 0x42], [0x41, 0x42]),
      // Fixed codes: the end alone; "a" and a match of distance 2, before the beginning.
      ([0x03, 0x00], []),
      ([0x4B, 0x04, 0x00], [0x61]),
      ([0x4B, 0x04, 0x11, 0x00], nil),
    ] as [([UInt8], [UInt8]?)])
  func blocksByHand(stream: [UInt8], expected: [UInt8]?) {
    let oracle = zlibInflateRaw(stream, room: 100)
    #expect(oracle?.bytes == expected)
    #expect(inflateRaw(stream, count: expected?.count ?? 1, room: 100) == expected)
  }
}
