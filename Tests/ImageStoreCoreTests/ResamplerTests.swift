import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ResamplerTests {
  /// What a resampler makes of an image of which it has the needed part alone, or more.
  private static func resample(
    _ image: [UInt8], _ format: ImageFormat, _ request: ResampleRequest, holding held: ImageRegion? = nil,
    by resampler: Resampler = Resampler()
  ) throws -> [UInt8] {
    let held = held ?? Resampler.neededRegion(of: request) ?? ImageRegion(wholeOf: format)
    var images = ModelImages()
    images.append(image, format: format)
    let pixels = images.gather([0], regions: [held])
    var result = [UInt8](repeating: 0xEE, count: request.delivered(of: format).byteCount)
    try unsafe pixels.withUnsafeBytes { pixels in
      try unsafe result.withUnsafeMutableBytes {
        try unsafe resampler.resample(pixels, holding: held, of: format, request, into: $0)
      }
    }
    return result
  }

  /// A random region, size, window and filter.
  static func request(
    of format: ImageFormat, upTo most: Int, _ random: inout SplitMix64
  ) -> ResampleRequest {
    func length(_ most: Int) -> Int {
      // Sides of one pixel among others.
      Int.random(in: 0..<6, using: &random) == 0 ? 1 : Int.random(in: 1...most, using: &random)
    }
    let (height, width) = (length(format.height), length(format.width))
    let region = ImageRegion(
      row: Int.random(in: 0...format.height - height, using: &random),
      column: Int.random(in: 0...format.width - width, using: &random), height: height, width: width)
    var request = ResampleRequest(
      region: region, height: Bool.random(using: &random) ? length(most) : height,
      width: Int.random(in: 0..<4, using: &random) > 0 ? length(most) : width,
      filter: format.elementType == .bool ? .nearest : ResizeFilter.allCases.randomElement(using: &random)!)
    switch Int.random(in: 0..<3, using: &random) {
    case 0: break
    case 1:
      let (rows, columns) = (length(request.height), length(request.width))
      request.window = ImageRegion(
        row: Int.random(in: 0...request.height - rows, using: &random),
        column: Int.random(in: 0...request.width - columns, using: &random), height: rows, width: columns)
    default:
      request.window = ImageRegion(
        row: Int.random(in: -most...most, using: &random),
        column: Int.random(in: -most...most, using: &random),
        height: length(most), width: length(most))
    }
    return request
  }

  @Test(arguments: ElementType.allCases)
  func resizesByTheRule(_ type: ElementType) throws {
    let seed = UInt64(type.name.utf8.reduce(0) { $0 + UInt64($1) })
    var synthetic = SyntheticImages(seed: seed)
    let resampler = Resampler()
    for round in 0..<(type == .uint8 ? 300 : 60) {
      let format = ImageFormat(
        height: Int.random(in: 1...40, using: &synthetic.generator),
        width: Int.random(in: 1...60, using: &synthetic.generator), channels: [1, 2, 3, 4, 3, 7][round % 6],
        elementType: type)
      let kind: SyntheticImages.Kind =
        type.isFloatingPoint
        ? .gradient : [.noise, .extreme, .natural].randomElement(using: &synthetic.generator)!
      let image = synthetic.image(kind, format: format)
      let request = Self.request(of: format, upTo: 70, &synthetic.generator)
      let result = try Self.resample(image, format, request, by: resampler)
      let expected = NaiveResize(image: image, format: format, request: request).result()
      let isEqual = result == expected
      #expect(isEqual, "seed \(seed), round \(round): \(format), \(request)")
      let whole = try Self.resample(
        image, format, request, holding: ImageRegion(wholeOf: format), by: resampler)
      let isEqualToo = whole == expected
      #expect(isEqualToo, "seed \(seed), round \(round), of the whole image: \(format), \(request)")
    }
  }

  @Test func refusesWhatDoesNotFit() {
    let format = ImageFormat(height: 8, width: 9, channels: 3)
    let image = [UInt8](repeating: 1, count: format.byteCount)
    let whole = ImageRegion(wholeOf: format)
    func expect(
      _ code: StoreError.Code, _ format: ImageFormat = format, _ change: (inout ResampleRequest) -> Void
    ) {
      var request = ResampleRequest(region: whole, height: 4, width: 4)
      change(&request)
      expectError(code) { try request.validate(of: format) }
    }
    for bad in [0, -1, Int.min] {
      expect(.invalidArgument) { $0.height = bad }
      expect(.invalidArgument) { $0.width = bad }
      expect(.invalidArgument) { $0.window.height = bad }
    }
    expect(.limitExceeded) { $0.height = .max }
    expect(.limitExceeded) { $0.window.row = .min }
    expect(.limitExceeded) { $0.window.width = .max }
    expect(.invalidArgument) { $0.region.row = 1 }
    expect(.invalidArgument, ImageFormat(height: 8, width: 9, elementType: .bool)) { _ in }
    let request = ResampleRequest(region: whole, height: 4, width: 4)
    for held in [
      ImageRegion(row: 1, column: 0, height: 7, width: 9),
      ImageRegion(row: 0, column: 0, height: 8, width: 8),
    ] {
      expectError(.invalidArgument) { _ = try Self.resample(image, format, request, holding: held) }
    }
  }
}
