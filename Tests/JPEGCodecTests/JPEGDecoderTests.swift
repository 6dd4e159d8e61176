#if JPEG
import Foundation
import ImageStoreCore
import ImageStoreTesting
import JPEGCodec
import Testing

/// Decodes with a decoder, through the public API.
func decode(
  _ file: [UInt8], region: ImageRegion? = nil, with decoder: inout JPEGDecoder
) throws(StoreError) -> (pixels: [UInt8], format: ImageFormat) {
  let whole = unsafe try decoder.readHeader(of: file.span.bytes).format
  let format = region.map { whole.cropped(to: $0) } ?? whole
  let memory = try PixelMemory(capacity: format.byteCount)
  var found: ImageFormat?
  try memory.fill { (output) throws(StoreError) in
    found = unsafe try decoder.decode(file.span.bytes, region: region, into: &output)
  }
  precondition(found == format && memory.byteCount == format.byteCount)
  return ([UInt8](copying: memory.span), format)
}

/// Some random picture, smooth and noisy.
func picture(_ format: ImageFormat, seed: UInt64) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<format.byteCount).map { index in
    let (pixel, channel) = (index / format.channels, index % format.channels)
    let (row, column) = (pixel / format.width, pixel % format.width)
    return UInt8((row * 3 + column * (2 + channel) + Int(random.next() & 15)) % 240)
  }
}

func encode(
  _ pixels: [UInt8], _ format: ImageFormat, quality: Int = 90,
  subsampling: JPEGEncoder.Subsampling = .half
) throws(StoreError) -> [UInt8] {
  var encoder = try JPEGEncoder(quality: quality, subsampling: subsampling)
  unsafe try encoder.encode(pixels.span.bytes, format: format)
  return [UInt8](copying: encoder.bytes)
}

/// Files against what Pillow decodes them to. One decoder takes all, so that it is seen that
/// nothing of one image is left for the next.
@Suite(.enabled(if: python != nil, "IMAGE_STORES_PYTHON names no Python with Pillow"))
struct JPEGDecoderTests {
  @Test func pixelsArePillows() throws {
    var decoder = JPEGDecoder()
    var count = 0
    for fixture in try JPEGFixture.all.get() where fixture.right == "same" || fixture.right == "odd" {
      do {
        let (pixels, format) = try decode(fixture.file(), with: &decoder)
        #expect(format == fixture.format, "\(fixture.name)")
        #expect(pixels == (try fixture.pixels()), "\(fixture.name)")
        #expect(decoder.report.damageCount == 0, "\(fixture.name): \(decoder.report)")
        #expect(
          (decoder.report.warningCount > 0) == (fixture.right == "odd"), "\(fixture.name): \(decoder.report)")
        count += 1
      } catch {
        Issue.record("\(fixture.name): \(error)")
      }
    }
    #expect(count > 200)
  }

  @Test func uprightIsPillowsExifTranspose() throws {
    var decoder = JPEGDecoder(orientation: .upright)
    var turned = 0
    for fixture in try JPEGFixture.all.get() where fixture.right == "same" {
      do {
        let (pixels, format) = try decode(fixture.file(), with: &decoder)
        #expect(format == fixture.uprightFormat, "\(fixture.name)")
        #expect(pixels == (try fixture.upright()), "\(fixture.name)")
        let file = try fixture.file()
        let header = unsafe try decoder.readHeader(of: file.span.bytes).header
        #expect(header.orientation == fixture.orientation, "\(fixture.name)")
        if fixture.orientation > 1 { turned += 1 }
      } catch {
        Issue.record("\(fixture.name): \(error)")
      }
    }
    #expect(turned == 14)
  }

  /// Regions are the pixels of the whole image: random ones, thin ones, and those at edges and of all.
  @Test(arguments: [StoreDescription.Orientation.asStored, .upright])
  func regionsAreCrops(_ orientation: StoreDescription.Orientation) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix64(seed: seed)
    var decoder = JPEGDecoder(orientation: orientation)
    let fixtures = try JPEGFixture.all.get().filter { $0.right == "same" && $0.format.byteCount < 100_000 }
    var count = 0
    for fixture in fixtures {
      let file = try fixture.file()
      let (whole, format) = try decode(file, with: &decoder)
      for turn in 0..<14 {
        func range(_ extent: Int) -> (Int, Int) {
          let length =
            turn % 3 == 0
            ? Int.random(in: 1...min(extent, 4), using: &random) : Int.random(in: 1...extent, using: &random)
          return (Int.random(in: 0...extent - length, using: &random), length)
        }
        let (rows, columns) = (range(format.height), turn == 1 ? (0, format.width) : range(format.width))
        let region = ImageRegion(row: rows.0, column: columns.0, height: rows.1, width: columns.1)
        let (pixels, _) = try decode(file, region: region, with: &decoder)
        #expect(pixels == cropped(whole, format, region), "\(fixture.name), \(region), seed \(seed)")
        count += 1
      }
    }
    #expect(count > 2000)
  }

  @Test func damageIsRefusedAndTolerated() throws {
    var strict = JPEGDecoder()
    var lax = JPEGDecoder(damaged: .tolerated)
    for fixture in try JPEGFixture.all.get() where fixture.right == "damaged" {
      let file = try fixture.file()
      let error = #expect(throws: StoreError.self, "\(fixture.name)") { try decode(file, with: &strict) }
      #expect(
        error?.code == .corrupt && error?.message.contains("remature end") == true,
        "\(fixture.name): \(error!)")
      let (pixels, format) = try decode(file, with: &lax)
      #expect(format == fixture.format && lax.report.damageCount > 0, "\(fixture.name)")
      // Above what is missing, they are Pillow's.
      let rows = fixture.name.hasPrefix("truncated-progressive") ? 0 : format.height / 8
      #expect(
        pixels[..<(rows * format.bytesPerRow)] == (try fixture.pixels())[..<(rows * format.bytesPerRow)])
    }
  }

  @Test func whatIsNotDecodedIsRefusedByName() throws {
    let expected: [String: (StoreError.Code, String)] = [
      "bits-12": (.unsupported, "12 bits"), "lossless": (.unsupported, "lossless"),
      "hierarchical": (.unsupported, "hierarchical"), "no-height": (.unsupported, "height"),
      "no-width": (.corrupt, "21x0"), "too-wide": (.limitExceeded, "21x65501"),
      "claims": (.limitExceeded, "60000x60000x3"), "two-components": (.unsupported, "2 components"),
    ]
    var decoder = JPEGDecoder()
    var count = 0
    for fixture in try JPEGFixture.all.get() where fixture.right == "refused" {
      let file = try fixture.file()
      let error = #expect(throws: StoreError.self, "\(fixture.name)") { try decode(file, with: &decoder) }
      #expect(error?.code == expected[fixture.name]?.0, "\(fixture.name): \(error!)")
      #expect(error?.message.contains(expected[fixture.name]!.1) == true, "\(fixture.name): \(error!)")
      count += 1
    }
    #expect(count == expected.count)
  }

  @Test func scaledSizesAreRoundedUp() throws {
    var decoder = JPEGDecoder()
    let fixture = try #require(try JPEGFixture.all.get().first { $0.name == "rgb-2-33x31" })
    let file = try fixture.file()
    for scale in JPEGDecoder.Scale.allCases {
      let memory = try PixelMemory(capacity: fixture.format.byteCount)
      var format: ImageFormat?
      try memory.fill { (output) throws(StoreError) in
        format = unsafe try decoder.decode(file.span.bytes, scaledTo: scale, into: &output)
      }
      let n = scale.rawValue
      #expect(format == fixture.format.resized(height: (33 + n - 1) / n, width: (31 + n - 1) / n))
      if scale == .full { #expect([UInt8](copying: memory.span) == (try fixture.pixels())) }
    }
  }
}
#endif
