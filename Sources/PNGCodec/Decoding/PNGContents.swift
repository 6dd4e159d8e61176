import ImageStoreCore

/// The chunks of a PNG that describe its pixels, found and checked. It holds pointers into the
/// file.
@unsafe struct PNGContents {
  let header: PNGHeader
  /// Three bytes per entry; empty if there is none.
  private(set) var palette = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  /// The payload of tRNS; empty if there is none or it has no meaning.
  private(set) var transparency = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  /// The payload of the first IDAT chunk.
  private(set) var firstData = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  /// Where the first IDAT chunk begins.
  private(set) var dataOffset = 0
  /// How many IDAT chunks there are, and the bytes they hold together.
  private(set) var dataChunkCount = 0
  private(set) var dataByteCount = 0
  private let checksEveryChunk: Bool

  static let signature: UInt64 = 0x8950_4E47_0D0A_1A0A

  /// Reads the chunks up to the first IDAT, which need not be complete.
  ///
  /// - Parameter checksEveryChunk: whether every chunk must agree with its CRC, even if it does not
  ///   affect samples.
  /// - Throws: ``StoreError/Code/unrecognized`` for what is not a PNG; ``StoreError/Code/corrupt``.
  init(headOf file: UnsafeRawBufferPointer, checksEveryChunk: Bool = false) throws(StoreError) {
    unsafe self.checksEveryChunk = checksEveryChunk
    unsafe header = try unsafe Self.header(of: file)
    var offset = unsafe 8 + PNGChunk.overhead + PNGHeader.payloadByteCount
    while unsafe try !isData(file, at: offset) {
      let chunk = try unsafe PNGChunk(in: file, at: offset)
      try unsafe check(chunk, in: file, at: offset)
      try unsafe take(chunk)
      unsafe offset += PNGChunk.overhead + chunk.payload.count
    }
    unsafe dataOffset = offset
    guard unsafe header.colorType != .palette || palette.count > 0 else {
      throw .malformed("PLTE chunk is missing")
    }
  }

  /// The header of a file of which at least the first 33 bytes are there.
  static func header(of file: UnsafeRawBufferPointer) throws(StoreError) -> PNGHeader {
    guard file.count >= 8,
      unsafe UInt64(bigEndian: file.loadUnaligned(as: UInt64.self)) == signature
    else { throw StoreError(.unrecognized, "the bytes are not a PNG", remedy: "give a PNG file") }
    let chunk = try unsafe PNGChunk(in: file, at: 8)
    guard unsafe chunk.type == .header else {
      throw .malformed(unsafe "first chunk is \(chunk.type.name) instead of IHDR")
    }
    try unsafe chunk.verify(in: file, at: 8)
    return try unsafe PNGHeader(chunk.payload)
  }

  /// Whether bytes end before the first IDAT chunk begins, as far as the lengths of the chunks
  /// before it tell.
  static func endsBeforePixels(_ file: UnsafeRawBufferPointer) -> Bool {
    var offset = 8
    while let chunk = try? unsafe PNGChunk(in: file, at: offset) {
      if unsafe chunk.type == .data { return false }
      unsafe offset += PNGChunk.overhead + chunk.payload.count
    }
    guard file.count - offset >= 8 else { return true }
    // The chunk that the bytes do not have whole.
    let code = unsafe file.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
    return UInt32(bigEndian: code) != PNGChunkType.data.code
  }

  /// Checks a chunk before the pixels.
  ///
  /// A wrong CRC of text, left by programs that edit it, is accepted, unless a flipped bit may have
  /// hidden tRNS by changing its name, or by making the chunk before it so long that it includes
  /// tRNS.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for a chunk that fails its CRC and may affect samples.
  private func check(_ chunk: PNGChunk, in file: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    if unsafe checksEveryChunk || chunk.type.isCritical {
      return try unsafe chunk.verify(in: file, at: offset)
    }
    switch unsafe header.colorType {
    case .grayAlpha, .rgbAlpha: return
    case .gray, .rgb, .palette: break
    }
    if unsafe chunk.isIntact(in: file, at: offset) { return }
    let isAside = unsafe chunk.type.isKnownToBeAside && !chunk.mentions(.transparency)
    if !isAside { try unsafe chunk.verify(in: file, at: offset) }
  }

  private func isData(_ file: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) -> Bool {
    guard file.count - offset >= 8 else {
      throw .malformed("bytes end at \(file.count), before the first IDAT chunk")
    }
    let code = unsafe file.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
    return UInt32(bigEndian: code) == PNGChunkType.data.code
  }

  private mutating func take(_ chunk: PNGChunk) throws(StoreError) {
    switch unsafe chunk.type {
    case .palette: try unsafe takePalette(chunk.payload)
    case .transparency: unsafe takeTransparency(chunk.payload)
    case .header, .end: throw .malformed(unsafe "\(chunk.type.name) chunk is out of place")
    case let type where type.isCritical:
      throw StoreError(
        .unsupported, "the PNG has a critical chunk that the standard does not define: \(type.name)",
        remedy: "write it again with another program")
    default: break
    }
  }

  /// As in libpng, a palette of gray pixels is ignored.
  private mutating func takePalette(_ payload: UnsafeRawBufferPointer) throws(StoreError) {
    guard unsafe header.colorType != .gray && header.colorType != .grayAlpha else { return }
    guard unsafe palette.count == 0 else { throw .malformed("PLTE chunk is out of place") }
    guard payload.count > 0, payload.count % 3 == 0, payload.count <= 768 else {
      throw .malformed("PLTE chunk has \(payload.count) bytes")
    }
    unsafe palette = unsafe payload
  }

  /// As in libpng, the first that can be right counts: one before the palette, one that is longer
  /// than it, and one of another length than the pixels' mean nothing.
  private mutating func takeTransparency(_ payload: UnsafeRawBufferPointer) {
    guard unsafe transparency.count == 0 else { return }
    let isMeant =
      switch unsafe header.colorType {
      case .gray: payload.count == 2
      case .rgb: payload.count == 6
      case .palette: unsafe payload.count <= palette.count / 3
      case .grayAlpha, .rgbAlpha: false
      }
    if isMeant { unsafe transparency = unsafe payload }
  }

  /// Finds the IDAT chunks, which must follow one another, and IEND, and checks them all.
  ///
  /// - Throws: ``StoreError/Code/corrupt``; ``StoreError/Code/unsupported`` for an unknown critical chunk.
  mutating func scanData(of file: UnsafeRawBufferPointer) throws(StoreError) {
    var offset = unsafe dataOffset
    var isPastData = false
    while true {
      let chunk = try unsafe PNGChunk(in: file, at: offset)
      // The CRC of IEND covers only its name, which has just been read.
      if unsafe checksEveryChunk || chunk.type.isCritical && chunk.type != .end {
        try unsafe chunk.verify(in: file, at: offset)
      }
      switch unsafe chunk.type {
      case .data:
        guard !isPastData else { throw .malformed("IDAT chunks do not follow one another") }
        if unsafe dataChunkCount == 0 { unsafe firstData = unsafe chunk.payload }
        unsafe dataChunkCount += 1
        unsafe dataByteCount += chunk.payload.count
      case .end: return
      case .header: throw .malformed(unsafe "\(chunk.type.name) chunk is out of place")
      // Too late to mean anything.
      case .palette, .transparency: break
      default:
        try unsafe take(chunk)
      }
      if unsafe chunk.type != .data { isPastData = true }
      unsafe offset += PNGChunk.overhead + chunk.payload.count
    }
  }

  /// Copies the payloads of the IDAT chunks one after another.
  func copyData(of file: UnsafeRawBufferPointer, to destination: UnsafeMutableRawBufferPointer) {
    var written = 0
    var offset = unsafe dataOffset
    for _ in 0..<(unsafe dataChunkCount) {
      // The chunks were read before, so reading them again cannot fail.
      guard let chunk = try? unsafe PNGChunk(in: file, at: offset) else { return }
      unsafe UnsafeMutableRawBufferPointer(rebasing: destination[written...])
        .copyMemory(from: chunk.payload)
      unsafe written += chunk.payload.count
      unsafe offset += PNGChunk.overhead + chunk.payload.count
    }
  }
}
