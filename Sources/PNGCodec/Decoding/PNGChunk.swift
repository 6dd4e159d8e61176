import ImageStoreCore
import ImageStoreDeflate

/// The four letters of a chunk's type as a big-endian number.
struct PNGChunkType: Hashable {
  let code: UInt32

  static let header = PNGChunkType(code: 0x4948_4452)
  static let palette = PNGChunkType(code: 0x504C_5445)
  static let transparency = PNGChunkType(code: 0x7452_4E53)
  static let data = PNGChunkType(code: 0x4944_4154)
  static let end = PNGChunkType(code: 0x4945_4E44)

  /// Whether a decoder must know the chunk; the first letter is a capital.
  var isCritical: Bool { code & 0x2000_0000 == 0 }

  /// Whether the standard or its register of extensions knows the chunk as one that says nothing of
  /// samples as they are decoded (ISO/IEC 15948, 11.3; "Extensions to the PNG 1.2 Specification").
  var isKnownToBeAside: Bool { Self.aside.contains(self) }

  private static let aside = Set(
    [
      "acTL", "bKGD", "cHRM", "cICP", "cLLI", "cLLi", "dSIG", "eXIf", "fcTL", "gAMA", "gIFg", "gIFt", "gIFx",
      "hIST",
      "iCCP", "iTXt", "mDCV", "mDCv", "oFFs", "pCAL", "pHYs", "sBIT", "sCAL", "sPLT", "sRGB", "sTER", "tEXt",
      "tIME",
      "zTXt",
    ].map { PNGChunkType(code: $0.utf8.reduce(0) { $0 << 8 | UInt32($1) }) })

  var name: String {
    var letters = ""
    for shift in [24, 16, 8, 0] as [UInt32] {
      letters.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: code >> shift)))
    }
    return letters
  }
}

/// One chunk of a PNG.
@unsafe struct PNGChunk {
  let type: PNGChunkType
  let payload: UnsafeRawBufferPointer

  /// Bytes around the payload: length, type and CRC.
  static let overhead = 12

  /// Reads the chunk at an offset.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the file ends before the chunk does.
  init(in file: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    guard unsafe file.count - offset >= Self.overhead else {
      throw .malformed("bytes end at \(file.count), before the IEND chunk")
    }
    let length = unsafe Int(
      UInt32(bigEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    unsafe type = unsafe PNGChunkType(
      code: UInt32(bigEndian: file.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)))
    guard unsafe length <= file.count - offset - Self.overhead else {
      throw .malformed(
        unsafe "\(type.name) chunk at byte \(offset) has \(length) bytes, more than the file")
    }
    unsafe payload = UnsafeRawBufferPointer(rebasing: file[offset + 8..<offset + 8 + length])
  }

  /// Compares the CRC-32 after the payload with that of type and payload.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if they differ.
  func verify(in file: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    guard unsafe isIntact(in: file, at: offset) else {
      throw .malformed(unsafe "\(type.name) chunk at byte \(offset) fails its CRC")
    }
  }

  /// Whether the CRC-32 after the payload is that of type and payload.
  func isIntact(in file: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    let end = unsafe offset + 8 + payload.count
    let found = unsafe crc32(UnsafeRawBufferPointer(rebasing: file[offset + 4..<end]))
    let stated = unsafe UInt32(
      bigEndian: file.loadUnaligned(fromByteOffset: end, as: UInt32.self))
    return found == stated
  }

  /// Whether the name of a type is somewhere in the payload.
  func mentions(_ type: PNGChunkType) -> Bool {
    var last: UInt32 = 0
    for position in 0..<(unsafe payload.count) {
      last = last << 8 | UInt32(unsafe payload[position])
      if last == type.code { return true }
    }
    return false
  }
}
