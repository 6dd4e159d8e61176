import CImageStoreKernels
import Foundation
import ImageStoreCore
import ImageStoreDeflate
import Testing

/// Our own search for matches, its streams inflated by zlib.
@Suite struct SmallDeflaterTests {
  static let limit = IMAGE_KERNELS_DEFLATE_SMALL_LIMIT

  /// The kernel's stream, from memory full of other bytes and into room of the bound alone.
  func deflate(_ bytes: [UInt8]) -> [UInt8] {
    let bound = image_kernels_deflate_small_bound(bytes.count)
    let guardCount = 64
    var output = [UInt8](repeating: 0xEE, count: bound + guardCount)
    var workspace = [UInt64](
      repeating: 0xDEAD_BEEF_DEAD_BEEF, count: image_kernels_deflate_small_workspace() / 8 + 9)
    let count = unsafe image_kernels_deflate_small(bytes, bytes.count, &output, &workspace)
    #expect(count <= bound)
    #expect(output[bound...].allSatisfy { $0 == 0xEE }, "written beyond the bound")
    #expect(workspace[(workspace.count - 8)...].allSatisfy { $0 == 0xDEAD_BEEF_DEAD_BEEF })
    return Array(output[..<count])
  }

  func expectRoundTrip(_ bytes: [UInt8], _ comment: Comment) {
    let compressed = deflate(bytes)
    let result = zlibInflateRaw(compressed, room: bytes.count)
    #expect(result?.bytes == bytes, comment)
    #expect(result?.read == compressed.count, comment)
  }

  @Test(arguments: 0..<8 as Range<UInt64>) func zlibReadsEverySmallCount(seed: UInt64) {
    for count in 0..<200 {
      expectRoundTrip(sampleBytes(count, seed: seed &* 1_000 + UInt64(count)), "seed \(seed), \(count)")
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func zlibReadsRandomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...(seed < 50 ? 5_000 : Self.limit), using: &generator)
    expectRoundTrip(sampleBytes(count, seed: seed + 100), "sample, seed \(seed)")
    let alphabet = Int.random(in: 1...256, using: &generator)
    let bytes = (0..<count).map { _ in UInt8(Int.random(in: 0..<alphabet, using: &generator)) }
    expectRoundTrip(bytes, "alphabet of \(alphabet), seed \(seed)")
  }

  /// Matches as far back as deflate reaches, one farther and beyond, and as long as they can be.
  @Test(arguments: [3, 4, 5, 257, 258, 259, 600], [1, 4_096, 4_097, 32_767, 32_768, 32_769, 60_000])
  func matchesOfEveryReach(length: Int, distance: Int) {
    var generator = SeededGenerator(seed: UInt64(length * 100_000 + distance))
    let phrase = (0..<length).map { _ in UInt8.random(in: 1...255, using: &generator) }
    var bytes = phrase + [UInt8](repeating: 0, count: distance)
    for (i, byte) in phrase.enumerated() { bytes[distance + i] = byte }
    expectRoundTrip(bytes, "\(length) bytes \(distance) apart")
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 258, 259, 260, 261, 262, 263, 3_200, 65_534, 65_535])
  func patternsOfEveryCount(count: Int) {
    for period in [1, 2, 3, 4, 7, 255, 256, 258] {
      expectRoundTrip((0..<count).map { UInt8(truncatingIfNeeded: $0 % period) }, "\(count), \(period)")
    }
    expectRoundTrip((0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }, "\(count), squares")
  }

  /// Counts that double make a Huffman tree as deep as it can be, so the longest codes must be cut.
  @Test(arguments: 0..<4 as Range<UInt64>) func codesAreCutToTheirLimit(seed: UInt64) {
    var bytes: [UInt8] = []
    for (symbol, power) in (0..<16).enumerated() {
      for _ in 0..<(1 << power) { bytes.append(UInt8(symbol)) }
    }
    var generator = SeededGenerator(seed: seed)
    bytes.shuffle(using: &generator)
    expectRoundTrip(Array(bytes.prefix(Self.limit)), "deep tree, seed \(seed)")
  }

  @Test func noiseIsStored() {
    var generator = SeededGenerator(seed: 1)
    for count in [1_000, 10_000, Self.limit] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(deflate(bytes).count == count + 5)
      expectRoundTrip(bytes, "noise of \(count)")
    }
  }

  /// The demonstration's images as numpy's entries: behind 128 bytes of header, their colours interleaved.
  func photographEntries() throws -> [[UInt8]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "Sources/imagestore/Resources/cifar-10-demo")
    let header = Array("\u{7F}NUMPY {'descr': '|u1', 'fortran_order': False, 'shape': (32, 32, 3), }".utf8)
    var entries: [[UInt8]] = []
    for batch in 1...5 {
      let file = [UInt8](try Data(contentsOf: folder.appending(path: "data_batch_\(batch)")))
      // A pickled string of 60 images: a T and its length in four bytes.
      let mark: [UInt8] = [0x54, 0x00, 0xD0, 0x02, 0x00]
      let start = try #require((0..<1_000).first { Array(file[$0..<$0 + 5]) == mark }) + 5
      for image in 0..<60 {
        let planes = Array(file[start + image * 3_072..<start + (image + 1) * 3_072])
        let padding = [UInt8](repeating: 0x20, count: 128 - header.count)
        entries.append(header + padding + (0..<3_072).map { planes[$0 % 3 * 1_024 + $0 / 3] })
      }
    }
    return entries
  }

  @Test func imagesTakeNoMoreThanWithZlib() throws {
    var ours = 0
    var theirs = 0
    var kept = 0
    var deflater = SmallDeflater()
    let entries = try photographEntries()
    for entry in entries {
      let standard = zlibCompressed(entry).count - 6
      theirs += standard
      if unsafe try deflater.deflate(entry.span.bytes) {
        let compressed = [UInt8](copying: deflater.bytes)
        #expect(zlibInflateRaw(compressed, room: entry.count)?.bytes == entry)
        ours += compressed.count
        kept += 1
      } else {
        ours += standard
      }
    }
    #expect(Double(ours) <= 1.02 * Double(theirs), "\(ours) bytes, \(theirs) with zlib")
    if SmallDeflater.largestByteCount > 0 { #expect(kept > entries.count * 3 / 4) }
  }

  @Test func whatCompressesWellIsRefused() throws {
    var deflater = SmallDeflater()
    let flat = [UInt8](repeating: 7, count: 3_000)
    #expect(unsafe try !deflater.deflate(flat.span.bytes))
    let large = sampleBytes(max(0, SmallDeflater.largestByteCount) + 1, seed: 4)
    #expect(unsafe try !deflater.deflate(large.span.bytes))
  }

  /// The bytes do not depend on what was deflated before.
  @Test func sameBytesFromUsedMemory() throws {
    guard SmallDeflater.largestByteCount > 0 else { return }
    var generator = SeededGenerator(seed: 5)
    let bytes = (0..<3_200).map { _ in UInt8.random(in: 0...99, using: &generator) }
    var deflater = SmallDeflater()
    #expect(unsafe try deflater.deflate(bytes.span.bytes))
    let first = [UInt8](copying: deflater.bytes)
    _ = unsafe try deflater.deflate(sampleBytes(9_000, seed: 6).span.bytes)
    #expect(unsafe try deflater.deflate(bytes.span.bytes))
    #expect([UInt8](copying: deflater.bytes) == first)
    #expect(first == deflate(bytes))
  }
}
