#if JPEG
import ImageStoreCore
import JPEGCodec

extension Parser {
  /// Decodes all of a JPEG and a part of it, as it is stored and upright, with damage refused and tolerated.
  static let jpeg = Parser("jpeg", usesLibrary: true) { (bytes, _) throws(StoreError) in
    var first: StoreError?
    for orientation in StoreDescription.Orientation.allCases {
      for damaged in [JPEGDecoder.Damaged.refused, .tolerated] {
        do throws(StoreError) {
          var decoder = JPEGDecoder(
            orientation: orientation, damaged: damaged, maximumByteCount: 1 << 24)
          let format = try unsafe decoder.readHeader(of: bytes.span.bytes).format
          let part = ImageRegion(
            row: format.height / 3, column: format.width / 3, height: (format.height + 2) / 3,
            width: (format.width + 2) / 3)
          for region in [nil, part] {
            let memory = try PixelMemory(capacity: format.byteCount)
            try memory.fill { (output) throws(StoreError) in
              try unsafe decoder.decode(bytes.span.bytes, region: region, into: &output)
            }
          }
        } catch {
          first = first ?? error
        }
      }
    }
    let verifier = try JPEG().makeDecoder()
    if let first { throw first }
    try unsafe verifier.verify(bytes.span.bytes)
  }

  /// Files that the encoder of this package makes.
  static func jpegSeeds() throws -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    for subsampling in JPEGEncoder.Subsampling.allCases {
      for channels in [1, 3] {
        let format = ImageFormat(height: 19, width: 37, channels: channels)
        let pixels = (0..<format.byteCount).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 37) }
        var encoder = try JPEGEncoder(quality: 50, subsampling: subsampling)
        unsafe try encoder.encode(pixels.span.bytes, format: format)
        seeds.append([UInt8](copying: encoder.bytes))
      }
    }
    return seeds
  }
}
#endif
