#if JPEG
import ImageStoreCore
import ImageStoreTesting
import JPEGCodec
import Testing

struct JPEGEncoderTests {
  private static let sizes = [(1, 1), (8, 8), (7, 33), (64, 50)]

  @Test(arguments: JPEGEncoder.Subsampling.allCases)
  func whatIsEncodedIsNearWhatItWas(_ subsampling: JPEGEncoder.Subsampling) throws {
    var decoder = JPEGDecoder()
    for (height, width) in Self.sizes {
      for channels in [1, 3] {
        let format = ImageFormat(height: height, width: width, channels: channels)
        // Slopes, which hardly anything is lost of.
        let pixels = (0..<format.byteCount).map {
          UInt8(40 + ($0 / channels) / width + ($0 / channels) % width * 2)
        }
        let file = try encode(pixels, format, quality: 95, subsampling: subsampling)
        let (decoded, found) = try decode(file, with: &decoder)
        #expect(found == format)
        #expect(zip(decoded, pixels).allSatisfy { abs(Int($0) - Int($1)) <= 6 })
        let header = unsafe try decoder.readHeader(of: file.span.bytes).header
        #expect(header.coding == .sequential && header.orientation == 1 && header.componentCount == channels)
      }
    }
  }

  @Test func theFileFollowsFromThePixels() throws {
    let format = ImageFormat(height: 60, width: 90, channels: 3)
    var encoder = try JPEGEncoder(quality: 75)
    let first = try encode(picture(format, seed: 1), format, quality: 75)
    // Larger ones between them leave nothing behind.
    for seed in [2, 1] as [UInt64] {
      let pixels = picture(format, seed: seed)
      unsafe try encoder.encode(pixels.span.bytes, format: format)
      #expect(([UInt8](copying: encoder.bytes) == first) == (seed == 1))
      let large = ImageFormat(height: 300, width: 400, channels: 1)
      let noise = picture(large, seed: seed)
      unsafe try encoder.encode(noise.span.bytes, format: large)
    }
    let sizes = try [10, 50, 90].map { try encode(picture(format, seed: 1), format, quality: $0).count }
    #expect(sizes[0] < sizes[1] && sizes[1] < sizes[2])
  }

  @Test func whatJPEGDoesNotHoldIsRefused() throws {
    var encoder = try JPEGEncoder()
    for format in [
      ImageFormat(height: 2, width: 2, channels: 4), ImageFormat(height: 2, width: 2, channels: 2),
      ImageFormat(height: 2, width: 2, channels: 1, elementType: .uint16),
      ImageFormat(height: 1, width: 65501, channels: 1),
    ] {
      let pixels = [UInt8](repeating: 0, count: format.byteCount)
      let error = #expect(throws: StoreError.self) {
        unsafe try encoder.encode(pixels.span.bytes, format: format)
      }
      #expect(error?.code == .unsupported)
    }
    let short = #expect(throws: StoreError.self) {
      unsafe try encoder.encode([1, 2, 3].span.bytes, format: ImageFormat(height: 2, width: 2))
    }
    #expect(short?.code == .invalidArgument)
    for quality in [0, 101] {
      let error = #expect(throws: StoreError.self) { _ = try JPEGEncoder(quality: quality) }
      #expect(error?.code == .invalidArgument)
    }
  }

  /// Pillow writes the same file, but for what it says of itself, and reads ours as we do.
  @Test(.enabled(if: python != nil, "IMAGE_STORES_PYTHON names no Python with Pillow"))
  func pillowReadsTheFiles() throws {
    let folder = try WorkFolder()
    var decoder = JPEGDecoder()
    var count = 0
    for (index, size) in Self.sizes.enumerated() {
      for (number, subsampling) in JPEGEncoder.Subsampling.allCases.enumerated() {
        for channels in [1, 3] {
          let format = ImageFormat(height: size.0, width: size.1, channels: channels)
          let pixels = picture(format, seed: UInt64(index))
          let file = try encode(pixels, format, quality: 30 + 20 * number, subsampling: subsampling)
          let name = "\(index)-\(number)-\(channels)"
          try folder.write(file, to: "\(name).jpg")
          try folder.write(pixels, to: "\(name).in")
          try folder.write(try decode(file, with: &decoder).pixels, to: "\(name).out")
          try folder.write(
            Array("\(size.0) \(size.1) \(channels) \(30 + 20 * number) \(number)".utf8), to: "\(name).txt")
          count += 1
        }
      }
    }
    let script = """
      import io, pathlib, sys
      import numpy as np
      from PIL import Image
      n = 0
      for path in pathlib.Path(sys.argv[1]).glob("*.jpg"):
          height, width, channels, quality, subsampling = map(int, path.with_suffix(".txt").read_text().split())
          shape = (height, width) if channels == 1 else (height, width, 3)
          image = Image.open(path)
          assert np.asarray(image).tobytes() == path.with_suffix(".out").read_bytes(), path
          given = Image.fromarray(np.frombuffer(path.with_suffix(".in").read_bytes(), "u1").reshape(shape))
          file = io.BytesIO()
          given.save(file, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
          assert np.array_equal(np.asarray(Image.open(file)), np.asarray(image)), path
          n += 1
      print(n, "read")
      """
    #expect(try runPython(["-c", script, folder.path]).contains("\(count) read"))
  }
}
#endif
