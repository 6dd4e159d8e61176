import CImageStoreKernels
import ImageStoreDeflate
import Testing

/// Our own deflate streams, inflated by zlib.
@Suite struct DeflateRunsTests {
  func deflate(_ bytes: [UInt8], stored: Bool = false) -> [UInt8] {
    var output = [UInt8](repeating: 0xEE, count: image_kernels_deflate_runs_bound(bytes.count))
    // Words, so that the memory is aligned; not cleared, since it need not be.
    var workspace = [UInt64](
      repeating: 0xDEAD_BEEF_DEAD_BEEF, count: image_kernels_deflate_runs_workspace() / 8 + 1)
    let count =
      stored
      ? unsafe image_kernels_deflate_stored(bytes, bytes.count, &output)
      : unsafe image_kernels_deflate_runs(bytes, bytes.count, &output, &workspace)
    return Array(output[..<count])
  }

  func expectRoundTrip(_ bytes: [UInt8], stored: Bool = false, _ comment: Comment) throws {
    let compressed = deflate(bytes, stored: stored)
    var inflater = Inflater(.raw)
    var output = [UInt8](repeating: 0, count: bytes.count)
    try unsafe output.withUnsafeMutableBytes { destination in
      try unsafe inflater.inflate(compressed.span.bytes, into: destination)
    }
    #expect(output == bytes, comment)
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func zlibReadsRandomBytes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...(seed < 50 ? 3_000 : 150_000), using: &generator)
    let alphabet = Int.random(in: 1...256, using: &generator)
    let longest = [1, 1, 20, 1_500].randomElement(using: &generator)!
    var bytes: [UInt8] = []
    while bytes.count < count {
      let value = UInt8(Int.random(in: 0..<alphabet, using: &generator))
      bytes += repeatElement(value, count: Int.random(in: 1...longest, using: &generator))
    }
    try expectRoundTrip(Array(bytes.prefix(count)), "seed \(seed)")
    try expectRoundTrip(Array(bytes.prefix(count)), stored: true, "seed \(seed)")
  }

  /// Counts that double make a Huffman tree as deep as it can be, so the longest codes must be cut.
  @Test func codesAreCutToTheirLimit() throws {
    var bytes: [UInt8] = []
    for (symbol, power) in (0..<16).enumerated() {
      for _ in 0..<(1 << power) { bytes.append(UInt8(symbol)) }
    }
    var generator = SeededGenerator(seed: 3)
    bytes.shuffle(using: &generator)
    try expectRoundTrip(bytes, "deep tree")
  }

  @Test(arguments: [0, 1, 2, 8, 9, 10, 258, 259, 260, 261, 266, 516, 517, 65_535, 65_536, 131_071])
  func runsOfEveryLength(length: Int) throws {
    try expectRoundTrip([UInt8](repeating: 0, count: length), "\(length) zeros")
    try expectRoundTrip([1, 2, 3] + [UInt8](repeating: 7, count: length) + [4, 5], "\(length) sevens")
    #expect(deflate([UInt8](repeating: 0, count: length)).count <= 32 + length / 500)
  }

  @Test func noiseIsStored() throws {
    var generator = SeededGenerator(seed: 1)
    let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(deflate(bytes).count == bytes.count + 2 * 5)
    try expectRoundTrip(bytes, "noise")
  }
}
