import ImageStoreCore
import ImageStoreDeflate
import Testing

@Suite struct InflaterTests {
  /// What Python's `zlib.compress` and `gzip.compress` make of `pythonBytes`.
  static let pythonBytes: [UInt8] = (0..<120).map { UInt8(truncatingIfNeeded: (($0 % 40) * ($0 % 40)) >> 3) }

  func inflate(
    _ bytes: [UInt8], _ container: DeflateContainer, count: Int, room: Int? = nil
  ) throws(StoreError) -> [UInt8] {
    var inflater = Inflater(container)
    var output = [UInt8](repeating: 0xEE, count: room ?? count)
    var failure: StoreError?
    unsafe bytes.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { destination in
        do throws(StoreError) {
          try unsafe inflater.inflate(source, into: destination, count: count)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    return Array(output[..<count])
  }

  @Test func inflatesWhatPythonDeflated() throws {
    let expected = Self.pythonBytes
    #expect(try inflate(pythonZlib, .zlib, count: expected.count) == expected)
    #expect(try inflate(pythonGzip, .gzip, count: expected.count) == expected)
    let raw = Array(pythonZlib.dropFirst(2).dropLast(4))
    #expect(try inflate(raw, .raw, count: expected.count) == expected)
  }

  @Test(arguments: [0, 1, 2, 257, 258, 259, 3_104, 70_000], [0, 1, 6, 9] as [Int32])
  func inflatesEverySize(count: Int, level: Int32) throws {
    let expected = sampleBytes(count, seed: UInt64(count))
    let compressed = zlibCompressed(expected, level: level)
    #expect(try inflate(compressed, .zlib, count: count) == expected)
    #expect(try inflate(compressed, .zlib, count: count, room: count + 500) == expected)
  }

  @Test func refusesAnotherSizeThanAnnounced() throws {
    let compressed = zlibCompressed(sampleBytes(3_000, seed: 1))
    for (count, room) in [(2_999, 2_999), (2_999, 4_000), (3_001, 3_001), (3_001, 4_000), (0, 0)] {
      #expect(throws: StoreError.self, "\(count) in \(room)") {
        try inflate(compressed, .zlib, count: count, room: room)
      }
    }
  }

  @Test func refusesEveryCutAndWhatFollows() throws {
    let compressed = zlibCompressed(sampleBytes(600, seed: 2))
    for length in compressed.indices {
      let error = #expect(throws: StoreError.self, "\(length) bytes") {
        try inflate(Array(compressed[..<length]), .zlib, count: 600)
      }
      #expect(error?.code == .corrupt)
    }
    #expect(throws: StoreError.self) { try inflate(compressed + [0], .zlib, count: 600) }
  }

  @Test func findsEveryFlippedBit() throws {
    // Adler-32 is weaker than a CRC, but finds every change that leaves the length as it is; a flip
    // that changes the length is found by the length.
    let expected = sampleBytes(300, seed: 3)
    let compressed = zlibCompressed(expected)
    for bit in 0..<compressed.count * 8 {
      var flipped = compressed
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      if let result = try? inflate(flipped, .zlib, count: 300) {
        #expect(result == expected, "bit \(bit)")
      }
    }
  }

  @Test func stateIsGoodAfterAnError() throws {
    let expected = sampleBytes(1_000, seed: 4)
    let compressed = zlibCompressed(expected)
    var inflater = Inflater(.zlib)
    var output = [UInt8](repeating: 0, count: 1_000)
    for round in 0..<4 {
      var source = compressed
      if round.isMultiple(of: 2) { source[20] ^= 0xFF }
      let isSound = unsafe source.withUnsafeBytes { source in
        unsafe output.withUnsafeMutableBytes { destination in
          (try? unsafe inflater.inflate(source, into: destination)) != nil
        }
      }
      #expect(isSound == !round.isMultiple(of: 2))
    }
    #expect(output == expected)
  }

  @Test func inflatesAPrefix() throws {
    let expected = sampleBytes(5_000, seed: 5)
    let compressed = Array(zlibCompressed(expected).dropLast(20))
    var inflater = Inflater(.zlib)
    for count in [0, 1, 100, 4_000] {
      var output = [UInt8](repeating: 0, count: count)
      try unsafe compressed.withUnsafeBytes { source in
        try unsafe output.withUnsafeMutableBytes { destination in
          try unsafe inflater.inflatePrefix(of: source, into: destination)
        }
      }
      #expect(output == Array(expected[..<count]))
    }
    var output = [UInt8](repeating: 0, count: 5_000)
    let error = #expect(throws: StoreError.self) {
      try unsafe compressed.withUnsafeBytes { source in
        try unsafe output.withUnsafeMutableBytes { destination in
          try unsafe inflater.inflatePrefix(of: source, into: destination)
        }
      }
    }
    #expect(error?.code == .corrupt)
  }
}

private let pythonZlib: [UInt8] = [
  0x78, 0xDA, 0x63, 0x60, 0x60, 0x60, 0x64, 0x62, 0x66, 0x61, 0xE3, 0xE0, 0xE2, 0xE1, 0x17, 0x12,
  0x95, 0x90, 0x51, 0x50, 0xD1, 0xD0, 0x35, 0x32, 0xB7, 0x71, 0xF2, 0xF0, 0x0B, 0x89, 0x4E, 0xCA,
  0x2C, 0xA8, 0x68, 0xE8, 0x98, 0x30, 0x73, 0xD1, 0xEA, 0x2D, 0xFB, 0x18, 0xA8, 0xAC, 0x0E, 0x00,
  0xE7, 0x4F, 0x1E, 0x01,
]

private let pythonGzip: [UInt8] = [
  0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x63, 0x60, 0x60, 0x60, 0x64, 0x62,
  0x66, 0x61, 0xE3, 0xE0, 0xE2, 0xE1, 0x17, 0x12, 0x95, 0x90, 0x51, 0x50, 0xD1, 0xD0, 0x35, 0x32,
  0xB7, 0x71, 0xF2, 0xF0, 0x0B, 0x89, 0x4E, 0xCA, 0x2C, 0xA8, 0x68, 0xE8, 0x98, 0x30, 0x73, 0xD1,
  0xEA, 0x2D, 0xFB, 0x18, 0xA8, 0xAC, 0x0E, 0x00, 0x3D, 0xF5, 0x0D, 0x11, 0x78, 0x00, 0x00, 0x00,
]
