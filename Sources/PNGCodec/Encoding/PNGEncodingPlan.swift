import ImageStoreCore
import ImageStoreDeflate

/// How an image is laid out in a PNG file: its header and sizes, and the chunks around the pixels.
struct PNGEncodingPlan {
  let format: ImageFormat
  let colorType: PNGHeader.ColorType
  let bitDepth: Int
  let rowByteCount: Int

  /// Where the payload of the one IDAT chunk begins, after the signature and IHDR.
  static let dataOffset = unsafe 8 + PNGChunk.overhead + 13 + 8
  /// Bytes of a file in addition to that payload.
  static let overhead = unsafe dataOffset + 4 + PNGChunk.overhead

  /// - Throws: ``StoreError/Code/unsupported`` for a format that PNG does not have.
  init(_ format: ImageFormat) throws(StoreError) {
    self.format = format
    switch format.elementType {
    case .bool: bitDepth = 1
    case .uint8: bitDepth = 8
    case .uint16: bitDepth = 16
    default: throw .notInPNG(format, "\(format.elementType.name) samples", "uint8, uint16 or bool")
    }
    switch format.channels {
    case 1: colorType = .gray
    case 2 where bitDepth > 1: colorType = .grayAlpha
    case 3 where bitDepth > 1: colorType = .rgb
    case 4 where bitDepth > 1: colorType = .rgbAlpha
    default:
      throw .notInPNG(
        format, "\(format.channels) channels of \(format.elementType.name)",
        "1 to 4 channels, 1 if samples are bool")
    }
    rowByteCount = (format.width * format.channels * bitDepth + 7) / 8
    // Compressed bytes are in one chunk, whose length has 31 bits; a sixteenth is left for the worst case.
    guard format.byteCount <= 2_000_000_000, format.height <= 2_000_000_000 else {
      throw .notInPNG(format, "\(format.byteCount) bytes", "at most 2000000000")
    }
  }

  var filteredByteCount: Int { (rowByteCount + 1) * format.height }
  var filterDistance: Int { max(1, format.channels * bitDepth / 8) }

  /// Writes all but the compressed bytes, which are there already.
  func writeFrame(_ file: UnsafeMutableRawBufferPointer, dataByteCount: Int) {
    unsafe file.storeBytes(of: PNGContents.signature.bigEndian, as: UInt64.self)
    let header = unsafe UnsafeMutableRawBufferPointer(rebasing: file[16..<29])
    unsafe header.storeBytes(of: UInt32(format.width).bigEndian, as: UInt32.self)
    unsafe header.storeBytes(of: UInt32(format.height).bigEndian, toByteOffset: 4, as: UInt32.self)
    unsafe header[8] = UInt8(bitDepth)
    unsafe header[9] = colorType.rawValue
    for index in 10..<13 { unsafe header[index] = 0 }
    unsafe closeChunk(file, at: 8, .header, payloadByteCount: 13)
    unsafe closeChunk(file, at: 33, .data, payloadByteCount: dataByteCount)
    unsafe closeChunk(file, at: Self.dataOffset + dataByteCount + 4, .end, payloadByteCount: 0)
  }

  /// Writes the length, the type and the CRC around a payload.
  private func closeChunk(
    _ file: UnsafeMutableRawBufferPointer, at offset: Int, _ type: PNGChunkType, payloadByteCount: Int
  ) {
    let end = offset + 8 + payloadByteCount
    unsafe file.storeBytes(of: UInt32(payloadByteCount).bigEndian, toByteOffset: offset, as: UInt32.self)
    unsafe file.storeBytes(of: type.code.bigEndian, toByteOffset: offset + 4, as: UInt32.self)
    let sum = unsafe crc32(UnsafeRawBufferPointer(rebasing: file[offset + 4..<end]))
    unsafe file.storeBytes(of: sum.bigEndian, toByteOffset: end, as: UInt32.self)
  }
}

extension StoreError {
  fileprivate static func notInPNG(
    _ format: ImageFormat, _ found: String, _ legal: String
  ) -> StoreError {
    StoreError(.unsupported, "a PNG cannot hold \(found) (\(format))", remedy: "give \(legal)")
  }
}
