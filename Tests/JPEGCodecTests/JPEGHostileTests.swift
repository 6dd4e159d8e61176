#if JPEG
import ImageStoreCore
import ImageStoreTesting
import JPEGCodec
import Testing

extension ImageDecoder {
  /// Decodes all of an image of the format that the tests here have.
  fileprivate func decode(_ bytes: RawSpan) throws(StoreError) {
    let format = ImageFormat(height: 40, width: 56, channels: 3)
    var memory = GrowingMemory()
    try unsafe memory.write(format.byteCount) { (memory) throws(StoreError) in
      try unsafe decode(bytes, DecodeRequest(format: format), into: memory)
    }
  }
}

/// Changed bytes: an error or pixels, and no more memory than is justified.
struct JPEGHostileTests {
  private static let format = ImageFormat(height: 40, width: 56, channels: 3)
  private static func file(_ seed: UInt64 = 1) throws -> [UInt8] {
    try encode(picture(format, seed: seed), format, quality: 80)
  }

  /// Decodes with both kinds of decoder; an error is as good as pixels.
  private func tryAll(_ file: [UInt8], _ strict: inout JPEGDecoder, _ lax: inout JPEGDecoder) -> Bool {
    _ = try? decode(file, region: ImageRegion(row: 1, column: 17, height: 20, width: 9), with: &lax)
    _ = try? decode(file, with: &lax)
    return (try? decode(file, with: &strict)) != nil
  }

  @Test func everyPrefixIsAnError() throws {
    let file = try Self.file()
    var strict = JPEGDecoder()
    var lax = JPEGDecoder(orientation: .upright, damaged: .tolerated)
    for count in 0..<file.count {
      #expect(!tryAll(Array(file[..<count]), &strict, &lax), "\(count) of \(file.count) bytes")
    }
    #expect(tryAll(file, &strict, &lax))
  }

  /// An image that is kept as it is, is decoded to an eighth of its size to see whether it can be:
  /// that finds whatever decoding all of it finds.
  @Test(arguments: [false, true])
  func aCheckFindsWhatDecodingFinds(isProgressive: Bool) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    var file = try Self.file(2)
    if isProgressive {
      // The library's own progressive files are Python's to make; a frame that only says so is
      // damaged in another way.
      let frame = try #require(file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
      file[frame + 1] = 0xC2
    }
    let decoder = try JPEG().makeDecoder()
    var memory = GrowingMemory()
    var found = (refused: 0, taken: 0)
    for turn in 0..<600 {
      var damaged = file
      if turn % 3 == 0 {
        damaged.removeLast(Int.random(in: 1..<file.count, using: &random))
      } else if turn > 0 {
        let bit = Int.random(in: 8 * 600..<8 * file.count, using: &random)
        damaged[bit / 8] ^= 1 << (bit % 8)
      }
      let bytes = unsafe damaged.span.bytes
      let whole = (try? decoder.decode(bytes)) != nil
      let checked = (try? decoder.check(bytes, as: Self.format, in: &memory)) != nil
      #expect(whole == checked, "seed \(seed), turn \(turn)")
      if whole { found.taken += 1 } else { found.refused += 1 }
    }
    #expect(found.refused > 100, "\(found), seed \(seed)")
  }

  @Test func flippedBitsNeverCrash() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    let file = try Self.file()
    // A flip in the header may ask for much that the file then does not justify.
    var strict = JPEGDecoder(maximumByteCount: 1 << 28)
    var lax = JPEGDecoder(orientation: .upright, damaged: .tolerated, maximumByteCount: 1 << 28)
    for turn in 0..<1500 {
      var damaged = file
      let end = turn % 2 == 0 ? 700 : file.count
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let bit = Int.random(in: 0..<8 * min(end, file.count), using: &random)
        damaged[bit / 8] ^= 1 << (bit % 8)
      }
      _ = tryAll(damaged, &strict, &lax)
    }
    // What is left of them does not matter to the next image.
    #expect(try decode(file, with: &strict).pixels == decode(file, with: &lax).pixels)
  }

  /// Sizes that the bytes cannot hold are refused before memory is asked for.
  @Test func claimedSizesNeedBytes() throws {
    var file = try Self.file()
    let frame = try #require(file.indices.first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
    for (at, value) in [(5, 17000), (7, 20000)] {
      file[frame + at] = UInt8(value >> 8)
      file[frame + at + 1] = UInt8(value & 255)
    }
    for coding in [0xC0, 0xC2] as [UInt8] {
      file[frame + 1] = coding
      // Only the last row of it, so that the test takes no memory either.
      var decoder = JPEGDecoder(damaged: .tolerated)
      let error = #expect(throws: StoreError.self) {
        try decode(file, region: ImageRegion(row: 16999, column: 0, height: 1, width: 10), with: &decoder)
      }
      #expect(error?.code == .corrupt && error?.message.contains("cannot hold 20000x17000") == true)
    }
  }

  @Test func scansAreCounted() throws {
    guard python != nil else { return }
    let fixture = try #require(try JPEGFixture.all.get().first { $0.name == "gray-progressive-40x70" })
    let file = try fixture.file()
    func next(_ start: Int, _ codes: ClosedRange<UInt8>) throws -> Int {
      try #require((start..<file.count - 1).first { file[$0] == 0xFF && codes.contains(file[$0 + 1]) })
    }
    let first = try next(0, 0xDA...0xDA)
    let second = try next(first + 2, 0xC0...0xCF)
    let scan = file[first..<min(second, try next(first + 2, 0xD9...0xDA))]
    var bomb = Array(file[..<first])
    for _ in 0..<3000 { bomb += scan }
    bomb += file[second...]
    var lax = JPEGDecoder(damaged: .tolerated)
    let error = #expect(throws: StoreError.self) { try decode(bomb, with: &lax) }
    #expect(error?.code == .limitExceeded && error?.message.contains("scans") == true)
  }

  @Test func whatIsNoJPEGIsToldSo() {
    var decoder = JPEGDecoder()
    for bytes in [[], [0xFF], [0xFF, 0xD8], Array("not a picture".utf8)] as [[UInt8]] {
      let error = #expect(throws: StoreError.self) { try decode(bytes, with: &decoder) }
      #expect(error?.code == (bytes.count == 2 ? .corrupt : .unrecognized))
    }
  }
}
#endif
