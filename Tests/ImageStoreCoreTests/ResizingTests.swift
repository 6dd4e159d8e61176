import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreTesting
import Testing

@Suite struct ResizingTests {
  private static func request(_ resizing: Resizing, _ height: Int, _ width: Int) throws -> ResampleRequest {
    try resizing.request(for: ImageFormat(height: height, width: width), filter: .bilinear)
  }

  /// What torchvision's Resize gives: the longer side is int(size * longer / shorter).
  @Test func theShorterSide() throws {
    for (from, side, to) in [
      ((375, 500), 256, (256, 341)), ((500, 375), 256, (341, 256)), ((500, 334), 224, (335, 224)),
      ((32, 32), 7, (7, 7)), ((1, 1000), 3, (3, 3000)), ((3, 2), 1, (1, 1)),
    ] {
      let request = try Self.request(.shorterSide(side), from.0, from.1)
      #expect((request.height, request.width) == to)
      #expect(request.window == ImageRegion(row: 0, column: 0, height: to.0, width: to.1))
    }
  }

  /// What Resize and CenterCrop give: int(round((size - crop) / 2)), Python's round being half to even.
  @Test func coveringASize() throws {
    for (from, size, resized, corner) in [
      ((375, 500), (224, 224), (224, 298), (0, 37)), ((500, 375), (224, 224), (298, 224), (37, 0)),
      ((10, 13), (10, 10), (10, 13), (0, 2)), ((10, 11), (10, 10), (10, 11), (0, 0)),
      ((17, 10), (10, 10), (17, 10), (4, 0)), ((100, 50), (30, 60), (120, 60), (45, 0)),
      ((50, 100), (30, 60), (30, 60), (0, 0)),
    ] {
      let request = try Self.request(.fill(height: size.0, width: size.1), from.0, from.1)
      #expect((request.height, request.width) == resized)
      #expect(request.window == ImageRegion(row: corner.0, column: corner.1, height: size.0, width: size.1))
    }
  }

  @Test func fittingIntoASize() throws {
    for (from, size, resized, corner) in [
      ((375, 500), (224, 224), (168, 224), (-28, 0)), ((500, 375), (224, 224), (224, 168), (0, -28)),
      ((10, 11), (12, 12), (10, 12), (-1, 0)), ((1, 1000), (9, 8), (1, 8), (-4, 0)),
      ((50, 100), (30, 60), (30, 60), (0, 0)), ((20, 30), (41, 61), (40, 61), (0, 0)),
    ] {
      let request = try Self.request(.fit(height: size.0, width: size.1), from.0, from.1)
      #expect((request.height, request.width) == resized)
      #expect(request.window == ImageRegion(row: corner.0, column: corner.1, height: size.0, width: size.1))
    }
  }

  @Test func hostileSizes() throws {
    let formats = [
      ImageFormat(height: 1, width: 1), ImageFormat(height: 1, width: ImageFormat.maximumByteCount),
      ImageFormat(height: ImageFormat.maximumByteCount, width: 1),
    ]
    for size in [0, -1, .min, .max, 1 << 40] {
      for resizing in [
        .shorterSide(size), .fill(height: size, width: 4), .fill(height: 4, width: size),
        .fit(height: size, width: size), .stretch(height: 4, width: size),
      ] as [Resizing] {
        for format in formats {
          expectError(size < 1 ? .invalidArgument : .limitExceeded) { _ = try resizing.resized(format) }
        }
      }
    }
    // A line that long becomes longer than there are numbers for, or fits.
    expectError(.limitExceeded) { _ = try Resizing.shorterSide(1 << 30).resized(formats[1]) }
    #expect(try Resizing.fit(height: 8, width: 8).resized(formats[1]) == ImageFormat(height: 8, width: 8))
    let store = try Samples.store(Samples.uniform(2))
    expectError(.invalidArgument) { _ = try store.resized(.shorterSide(0)) }
    let masks = Samples.uniform(2, format: ImageFormat(height: 4, width: 6, elementType: .bool))
    let error = expectError(.invalidArgument) {
      _ = try Samples.store(masks).resized(.stretch(height: 2, width: 2))
    }
    #expect(error?.remedy?.contains("nearest") == true)
  }

  @Test func isCodable() throws {
    for resizing in [
      .shorterSide(3), .fill(height: 1, width: 2), .fit(height: 3, width: 4), .stretch(height: 5, width: 6),
    ] as [Resizing] {
      let data = try JSONEncoder().encode([resizing])
      #expect(try JSONDecoder().decode([Resizing].self, from: data) == [resizing])
    }
  }

  /// `Tests/Python/check_resizing.py` makes the same with Pillow, by the rule, and other types with
  /// numpy in double.
  @Test(
    .enabled(
      if: unsafe getenv("IMAGE_STORES_PYTHON") != nil, "IMAGE_STORES_PYTHON names no Python with Pillow"))
  func pillowMakesTheSame() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "resized-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var synthetic = SyntheticImages(seed: 11)
    let resampler = Resampler()
    var (samples, lines) = ([UInt8](), [String]())
    let types: [ElementType] = [.uint16, .int16, .int8, .int32, .uint32, .float16, .float32, .float64]
    for round in 0..<600 {
      let type = round < 440 ? ElementType.uint8 : types[round % types.count]
      let format = ImageFormat(
        height: Int.random(in: 1...90, using: &synthetic.generator),
        width: Int.random(in: 1...120, using: &synthetic.generator), channels: 1 + round % 5,
        elementType: type)
      let kind: SyntheticImages.Kind = type == .uint8 ? [.noise, .natural, .extreme][round % 3] : .natural
      let image = synthetic.image(kind, format: format)
      let request = ResamplerTests.request(of: format, upTo: 150, &synthetic.generator)
      var result = [UInt8](repeating: 0, count: request.delivered(of: format).byteCount)
      try unsafe image.withUnsafeBytes { pixels in
        try unsafe result.withUnsafeMutableBytes {
          try unsafe resampler.resample(
            pixels, holding: ImageRegion(wholeOf: format), of: format, request, into: $0)
        }
      }
      let (region, window) = (request.region, request.window)
      let numbers = [
        format.height, format.width, format.channels, region.row, region.column, region.height, region.width,
        request.height, request.width, window.row, window.column, window.height, window.width,
      ]
      lines.append(
        "\(type.name) \(request.filter.rawValue) " + numbers.map(String.init).joined(separator: " "))
      samples += image + result
    }
    try Data(samples).write(to: URL(filePath: "\(folder)/samples"))
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/requests"))
    let process = Process()
    process.executableURL = unsafe URL(filePath: String(cString: getenv("IMAGE_STORES_PYTHON")))
    let checks = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    process.arguments = [checks.appending(path: "Python/check_resizing.py").path, folder]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && said.contains("600 results are the same"), "\(said)")
  }
}
