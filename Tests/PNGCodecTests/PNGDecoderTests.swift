import Corpora
import ImageStoreCore
import PNGCodec
import Testing

@Suite struct PNGDecoderTests {
  @Test func hasItsFixtures() {
    #expect(PNGFixture.valid.count > 130)
    #expect(PNGFixture.hostile.count > 50)
    #expect(PNGFixture.pngSuite.count == 177)
  }

  @Test func decodesEveryKindOfFile() throws {
    for fixture in PNGFixture.valid {
      let file = try #require(readFile(fixture.path))
      let (pixels, format) = try decode(file)
      #expect(PNGFixture.digest(pixels, format) == fixture.expected, "\(fixture.name)")
    }
  }

  @Test func oneDecoderReadsFilesOfEveryKindInTurn() throws {
    var decoder = PNGDecoder()
    for fixture in PNGFixture.valid + PNGFixture.valid.reversed() {
      let file = try #require(readFile(fixture.path))
      let (pixels, format) = try decode(file, with: &decoder)
      #expect(PNGFixture.digest(pixels, format) == fixture.expected, "\(fixture.name)")
      // An error in between leaves no trace.
      #expect(throws: StoreError.self) { try decode(file.dropLast(20) + [0], with: &decoder) }
    }
  }

  @Test(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
  func decodesPngSuite() throws {
    for fixture in PNGFixture.pngSuite {
      let file = try #require(readFile(fixture.path), "\(fixture.path)")
      if fixture.expected == ["refused"] {
        #expect(throws: StoreError.self, "\(fixture.name)") { try decode(file) }
      } else {
        let (pixels, format) = try decode(file)
        #expect(PNGFixture.digest(pixels, format) == fixture.expected, "\(fixture.name)")
      }
    }
  }

  @Test func refusesHostileFiles() throws {
    for fixture in PNGFixture.hostile {
      let file = try #require(readFile(fixture.path))
      let error = #expect(throws: StoreError.self, "\(fixture.name)") { try decode(file) }
      #expect(error?.code.rawValue == fixture.expected[0].description, "\(fixture.name): \(error!)")
      #expect(error?.description.contains("\n") == false)
    }
  }

  @Test func refusesEveryCut() throws {
    for name in ["own-3-4-1-13x11", "own-6-16-0-3x5", "key-2-8-0", "pillow-bool"] {
      let file = try #require(readFile("\(PNGFixture.folder)/png/\(name).png"))
      for length in file.indices {
        let error = #expect(throws: StoreError.self, "\(name) cut at \(length)") {
          try decode(Array(file[..<length]))
        }
        #expect(error?.code == (length < 8 ? .unrecognized : .corrupt))
      }
    }
  }

  /// In these files every byte counts but the signature, since no chunk is ancillary.
  @Test func findsEveryFlippedBit() throws {
    for name in ["own-3-4-1-13x11", "own-2-8-0-3x5", "key-3-2-0", "split"] {
      let file = try #require(readFile("\(PNGFixture.folder)/png/\(name).png"))
      let bits = file.count * 8
      for bit in stride(from: 0, to: bits, by: bits < 6_000 ? 1 : 7) {
        var flipped = file
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        // A flip in the first letter of a type may make the chunk ancillary, or tRNS another.
        let isRefused = (try? decode(flipped)) == nil
        let isType = isInType(bit / 8, of: file)
        #expect(isRefused || isType, "\(name): bit \(bit)")
      }
    }
  }

  func isInType(_ offset: Int, of file: [UInt8]) -> Bool {
    var start = 8
    while start + 12 <= file.count {
      if (start + 4..<start + 8).contains(offset) { return true }
      start += 12 + file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    return false
  }

  @Test(arguments: 0..<8 as Range<UInt64>) func neverTrapsOnDamage(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for fixture in PNGFixture.valid {
      var file = try #require(readFile(fixture.path))
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        file[Int.random(in: 8..<file.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      _ = try? decode(file, maximumByteCount: 1 << 20)
      // The checksums made good again, the damage reaches what they protect.
      repairChecksums(&file)
      _ = try? decode(file, maximumByteCount: 1 << 20)
    }
  }

  @Test(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
  func survivesFilesThatBrokeOthers() throws {
    let folder = try #require(Corpora.folder("libspng-crashers"))
    var count = 0
    for path in filesBelow(folder) {
      let file = try #require(readFile(path))
      _ = try? decode(file, maximumByteCount: 1 << 24)
      count += 1
    }
    #expect(count > 20)
  }

  @Test func keepsIndicesOnRequest() throws {
    let file = try #require(readFile("\(PNGFixture.folder)/png/pillow-palette16-key.png"))
    let (indices, format) = try decode(file, palette: .indices)
    let (colors, expanded) = try decode(file)
    #expect(format == ImageFormat(height: 24, width: 31))
    #expect(expanded.channels == 4)
    // The palette itself says what each index must have become.
    let start = try #require(position(of: "PLTE", in: file)) + 4
    for (pixel, index) in indices.enumerated() {
      let entry = Array(file[start + 3 * Int(index)..<start + 3 * Int(index) + 3])
      #expect(Array(colors[4 * pixel..<4 * pixel + 3]) == entry)
      #expect(colors[4 * pixel + 3] == (index == 1 ? 0 : 255))
    }
    let hostile = try #require(readFile("\(PNGFixture.folder)/png/hostile-index-over-4.png"))
    #expect(throws: StoreError.self) { try decode(hostile, palette: .indices) }
  }

  @Test func readsTheHeaderOfTheBeginning() throws {
    let file = try #require(readFile("\(PNGFixture.folder)/png/own-4-16-1-13x11.png"))
    let (header, format) = unsafe try PNGDecoder().readHeader(of: file.span.bytes.extracting(first: 41))
    #expect(header.width == 13 && header.height == 11 && header.bitDepth == 16)
    #expect(header.colorType == .grayAlpha && header.isInterlaced)
    #expect(format == ImageFormat(height: 11, width: 13, channels: 2, elementType: .uint16))
  }

  @Test func statesItsLimit() throws {
    let file = try #require(readFile("\(PNGFixture.folder)/png/split.png"))
    #expect(try decode(file, maximumByteCount: 3_600).pixels.count == 3_600)
    let error = #expect(throws: StoreError.self) { try decode(file, maximumByteCount: 3_599) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func refusesAnotherFormatThanExpected() throws {
    let file = try #require(readFile("\(PNGFixture.folder)/png/split.png"))
    var decoder = PNGDecoder()
    var pixels = [UInt8](repeating: 0, count: 3_600)
    let format = ImageFormat(height: 40, width: 30, channels: 3)
    let error = #expect(throws: StoreError.self) {
      try unsafe file.withUnsafeBytes { file in
        try unsafe pixels.withUnsafeMutableBytes { memory in
          try unsafe decoder.decode(file, as: format, into: memory)
        }
      }
    }
    #expect(error?.code == .corrupt)
  }
}
