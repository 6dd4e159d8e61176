import Foundation
import ImageStoreCore
import PNGCodec
import Testing

@Suite struct PNGEncoderTests {
  static let formats: [ImageFormat] = {
    var formats = [ImageFormat(height: 1, width: 1, elementType: .bool)]
    for (height, width) in [(1, 1), (3, 9), (32, 32), (17, 41), (70, 300)] {
      formats.append(ImageFormat(height: height, width: width, elementType: .bool))
      for channels in 1...4 {
        for type in [ElementType.uint8, .uint16] {
          formats.append(
            ImageFormat(height: height, width: width, channels: channels, elementType: type))
        }
      }
    }
    return formats
  }()

  func randomPixels(_ format: ImageFormat, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let kind = Int.random(in: 0..<3, using: &generator)
    return (0..<format.byteCount).map { index in
      if format.elementType == .bool { return kind == 0 ? 0 : .random(in: 0...1, using: &generator) }
      let noise = UInt8.random(in: 0...255, using: &generator)
      return switch kind {
      case 0: noise
      case 1: UInt8(truncatingIfNeeded: index / 5) &+ noise % 4
      default: 200
      }
    }
  }

  @Test(arguments: Compression.allCases) func roundTripsEveryFormat(compression: Compression) throws {
    var encoder = try PNGEncoder(compression: compression)
    var decoder = PNGDecoder()
    for seed in 0..<2 as Range<UInt64> {
      for format in Self.formats {
        let pixels = randomPixels(format, seed: seed)
        unsafe try encoder.encode(pixels.span.bytes, format: format)
        let file = [UInt8](copying: encoder.bytes)
        let (decoded, found) = try decode(file, with: &decoder)
        #expect(found == format, "seed \(seed)")
        #expect(decoded == pixels, "\(format), seed \(seed)")
        // The same from an encoder that has seen nothing else.
        #expect(try encode(pixels, format, compression) == file, "\(format), seed \(seed)")
      }
    }
  }

  @Test func anyByteButZeroIsTrue() throws {
    let format = ImageFormat(height: 1, width: 10, elementType: .bool)
    let file = try encode([0, 1, 2, 128, 255, 0, 64, 0, 0, 3], format)
    #expect(try decode(file).pixels == [0, 1, 1, 1, 1, 0, 1, 0, 0, 1])
  }

  @Test(arguments: [
    ImageFormat(height: 2, width: 2, elementType: .int8),
    ImageFormat(height: 2, width: 2, elementType: .int16),
    ImageFormat(height: 2, width: 2, elementType: .int64),
    ImageFormat(height: 2, width: 2, channels: 3, elementType: .float32),
    ImageFormat(height: 2, width: 2, channels: 3, elementType: .bool),
    ImageFormat(height: 2, width: 2, channels: 5),
  ])
  func refusesWhatPNGCannotHold(format: ImageFormat) throws {
    let error = #expect(throws: StoreError.self) {
      try encode([UInt8](repeating: 0, count: format.byteCount), format)
    }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains(format.elementType.name) == true)
  }

  @Test func refusesAnotherSize() {
    let error = #expect(throws: StoreError.self) {
      try encode([1, 2, 3], ImageFormat(height: 2, width: 2))
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test func compressionOrdersSizes() throws {
    let format = ImageFormat(height: 64, width: 64, channels: 3)
    let pixels = (0..<format.byteCount).map { UInt8(truncatingIfNeeded: ($0 / 3) % 64 * 3 + $0 % 7) }
    let sizes = try Compression.allCases.map { try encode(pixels, format, $0).count }
    #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2])
    #expect(sizes[0] < format.byteCount + 64 + 100)
  }

  /// `Tests/Python/check_pngs.py` reads files of this encoder with Pillow and with a plain decoder.
  @Test(.enabled(if: PNGFixture.python != nil, "IMAGE_STORES_PYTHON names no Python with Pillow"))
  func otherDecodersReadTheFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pngs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for compression in Compression.allCases {
      for (index, format) in Self.formats.enumerated() {
        let pixels = randomPixels(format, seed: UInt64(index))
        let name = "\(folder)/\(compression.rawValue)-\(index)"
        try writeFile("\(name).png", encode(pixels, format, compression))
        try writeFile("\(name).raw", pixels)
        let line = "\(format.height) \(format.width) \(format.channels) \(format.elementType.name)\n"
        try writeFile("\(name).txt", Array(line.utf8))
      }
    }
    let process = Process()
    process.executableURL = URL(filePath: try #require(PNGFixture.python))
    process.arguments = [PNGFixture.pythonChecks + "/check_pngs.py", folder]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(said.contains("\(Self.formats.count * Compression.allCases.count) files read"), "\(said)")
  }
}
