import ImageStoreCore
import ImageStoreCorpora
import PNGCodec
import Testing

@Suite struct PNGDecoderTests {
  @Test func hasItsFixtures() {
    #expect(PNGFixture.valid.count > 130)
    #expect(PNGFixture.hostile.count > 40)
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

  /// A flipped bit is found, or changes no pixel; asked to check every chunk, the decoder finds it always.
  @Test(arguments: [
    "own-0-8-0-3x5", "own-2-8-0-3x5", "own-3-4-1-13x11", "own-4-16-1-13x11", "own-6-8-0-3x5",
    "own-6-16-0-3x5",
    "key-0-8-0", "key-2-8-0", "key-3-2-0", "split",
  ])
  func findsEveryFlippedBit(_ name: String) throws {
    try expectEveryFlipFound(try #require(readFile("\(PNGFixture.folder)/png/\(name).png")), name)
  }

  /// What is before tRNS can hide it: another name, or the length of the chunk before.
  @Test func findsEveryFlippedBitAroundTransparency() throws {
    for before in ["gAMA", "tEXt", "sRGB"] {
      var builder = PNGBuilder(width: 4, height: 1, colorType: 3)
      // Of a length that one bit makes reach over the tRNS of 16 bytes after it.
      builder.add(before, before == "sRGB" ? [0] : [1, 2, 3, 4])
      builder.add("PLTE", Array(0..<12))
      builder.add(before == "gAMA" ? "tIME" : "tEXt", [UInt8](repeating: 65, count: 7))
      builder.add("tRNS", [0, 128, 255, 255])
      try expectEveryFlipFound(try builder.file(rows: [0, 0, 1, 2, 3]), before)
    }
  }

  private func expectEveryFlipFound(_ file: [UInt8], _ name: String) throws {
    let (pixels, format) = try decode(file)
    var strict = PNGDecoder()
    strict.checksEveryChunk = true
    #expect(try decode(file, with: &strict).pixels == pixels)
    let bits = file.count * 8
    for bit in stride(from: 0, to: bits, by: bits < 6_000 ? 1 : 7) {
      var flipped = file
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      if let found = try? decode(flipped), found.pixels != pixels || found.format != format {
        Issue.record("\(name): bit \(bit) changes pixels")
      }
      if (try? decode(flipped, with: &strict)) != nil { Issue.record("\(name): bit \(bit) is not found") }
    }
  }

  @Test func wrongChecksumsOfWhatIsNotPixelsAreRead() throws {
    for (colorType, chunk, payload, isRead) in [
      (0, "gAMA", [0, 0, 0xB1, 0x8F], true), (0, "tEXt", [65, 0, 66], true),
      (0, "tEXt", Array("AtRNSB".utf8), false),
      (0, "teSt", [65, 0, 66], false), (4, "teSt", [65, 0, 66], true),
    ] as [(UInt8, String, [UInt8], Bool)] {
      var builder = PNGBuilder(width: 1, height: 1, colorType: colorType)
      builder.add(chunk, payload, isDamaged: true)
      let file = try builder.file(rows: colorType == 0 ? [0, 7] : [0, 7, 8])
      #expect(((try? decode(file)) != nil) == isRead, "\(chunk) in color type \(colorType)")
      var strict = PNGDecoder()
      strict.checksEveryChunk = true
      #expect(throws: StoreError.self) { try decode(file, with: &strict) }
    }
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

  /// What libpng overlooks, since the pixels are whole.
  @Test(arguments: [
    "tail", "stream", "row", "byte", "end", "palette of gray", "palette late", "key twice", "key empty",
    "key short", "key long",
  ])
  func readsWhatHarmsNoPixels(_ kind: String) throws {
    let rows: [UInt8] = [0, 10, 20, 30, 0, 40, 50, 60]
    let pixels: [UInt8] = [10, 20, 30, 40, 50, 60]
    var builder = PNGBuilder(width: 3, height: 2, colorType: 0)
    var more: [UInt8] = []
    var isDamaged = false
    switch kind {
    case "row": more = [0, 1, 2, 3]
    case "byte": more = [7]
    case "palette of gray": builder.add("PLTE", [1, 2, 3])
    case "key empty": builder.add("tRNS", [])
    case "key short": builder.add("tRNS", [1])
    case "key long": builder.add("tRNS", [1, 2, 3, 4, 5, 6])
    default: break
    }
    switch kind {
    case "tail": builder.surplus = [0, 0]
    case "stream": builder.chunksAfter = [("IDAT", [0, 0, 0])]
    case "palette late": builder.chunksAfter = [("PLTE", [1, 2, 3])]
    case "end": isDamaged = true
    default: break
    }
    if kind == "key twice" {
      builder.add("tRNS", [0, 20])
      builder.add("tRNS", [0, 30])
      let (decoded, format) = try decode(builder.file(rows: rows))
      #expect(format.channels == 2)
      #expect(decoded == [10, 255, 20, 0, 30, 255, 40, 255, 50, 255, 60, 255])
      return
    }
    let file = try builder.file(rows: rows + more, isEndDamaged: isDamaged)
    let (decoded, format) = try decode(file)
    #expect(format == ImageFormat(height: 2, width: 3) && decoded == pixels, "\(kind)")
  }

  @Test func anIndexBeyondThePaletteIsBlack() throws {
    var builder = PNGBuilder(width: 3, height: 1, colorType: 3)
    builder.add("tRNS", [9])
    builder.add("PLTE", [1, 2, 3, 4, 5, 6])
    builder.add("tRNS", [1, 2, 3])
    let file = try builder.file(rows: [0, 0, 1, 2])
    #expect(try decode(file).pixels == [1, 2, 3, 4, 5, 6, 0, 0, 0])
    #expect(try decode(file, palette: .indices).pixels == [0, 1, 2])
  }

  /// A stream with a surplus whose Adler-32 is wrong is damaged, not longer.
  @Test func aLongerStreamIsCheckedToItsEnd() throws {
    for surplus in [0, 1, 5000] {
      var builder = PNGBuilder(width: 3, height: 1, colorType: 0)
      builder.adlerChange = surplus == 0 ? 0 : 1
      let file = try builder.file(rows: [0, 1, 2, 3] + [UInt8](repeating: 9, count: surplus))
      if surplus == 0 {
        #expect(try decode(file).pixels == [1, 2, 3])
      } else {
        #expect(throws: StoreError.self) { try decode(file) }
      }
    }
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

  /// How stores meet PNG: the head is enough or too short, but never taken for damaged because it is short.
  @Test func aHeadSaysItsFormatOrIsTooShort() throws {
    for name in ["own-4-16-1-13x11", "split"] {
      let file = try #require(readFile("\(PNGFixture.folder)/png/\(name).png"))
      let format = try unsafe PNGDecoder().readHeader(of: file.span.bytes).format
      let needed = try #require(position(of: "IDAT", in: file)) + 4
      let decoder = try PNG().makeDecoder()
      for count in 8...file.count {
        let found = try unsafe decoder.format(ofHead: file.span.bytes.extracting(first: count))
        #expect(found == (count < needed ? nil : format))
      }
      var damaged = file
      damaged[20] ^= 1
      let error = #expect(throws: StoreError.self) {
        _ = try unsafe decoder.format(ofHead: damaged.span.bytes)
      }
      #expect(error?.code == .corrupt)
    }
  }

  @Test func everyFlippedBitIsFoundWithoutDecoding() throws {
    let file = try #require(readFile("\(PNGFixture.folder)/png/own-4-16-1-13x11.png"))
    let decoder = try PNG().makeDecoder()
    try unsafe decoder.verify(file.span.bytes)
    for bit in 0..<8 * file.count {
      var damaged = file
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: StoreError.self) { try unsafe decoder.verify(damaged.span.bytes) }
    }
  }
}
