/// An entry as it was written.
struct ZipWrittenEntry: Sendable {
  /// Where the local header begins.
  var offset: Int
  let compressedByteCount: Int
  let byteCount: Int
  let checksum: UInt32
  let isDeflated: Bool
}

extension ZipFormat {
  /// 1980-01-01, as numpy writes it: files of the same images are the same.
  private static let date: UInt32 = 0x0021_0000

  /// From this size on the local header has 64-bit sizes, whatever an entry deflates to.
  static let wideByteCount = 0xFFFF_0000

  /// The first multiple of 64 at which an entry's data can begin.
  static func alignedStart(offset: Int, nameByteCount: Int, byteCount: Int) -> Int {
    let least =
      offset + localHeaderByteCount + nameByteCount + (byteCount >= wideByteCount ? 20 : 0) + 6
    return (least + 63) / 64 * 64
  }

  /// Appends the header that stands before an entry's data.
  ///
  /// - Parameter dataOffset: where the data is to begin; nil for right after the header.
  static func appendLocalHeader(
    of entry: ZipWrittenEntry, name: String, dataOffset: Int?, to bytes: inout [UInt8]
  ) {
    let isWide = entry.byteCount >= wideByteCount
    let least =
      entry.offset + localHeaderByteCount + name.utf8.count + (isWide ? 20 : 0)
    let padding = dataOffset.map { $0 - least } ?? 0
    bytes.append(littleEndian: localHeader)
    appendCommon(of: entry, name: name, isWide: isWide, to: &bytes)
    bytes.append(littleEndian: entry.checksum)
    bytes.append(littleEndian: isWide ? UInt32.max : UInt32(entry.compressedByteCount))
    bytes.append(littleEndian: isWide ? UInt32.max : UInt32(entry.byteCount))
    bytes.append(littleEndian: UInt16(name.utf8.count))
    bytes.append(littleEndian: UInt16((isWide ? 20 : 0) + padding))
    bytes += name.utf8
    if isWide {
      bytes.append(littleEndian: zip64Extra)
      bytes.append(littleEndian: UInt16(16))
      bytes.append(littleEndian: UInt64(entry.byteCount))
      bytes.append(littleEndian: UInt64(entry.compressedByteCount))
    }
    if padding > 0 {
      bytes.append(littleEndian: alignmentExtra)
      bytes.append(littleEndian: UInt16(padding - 4))
      bytes.append(littleEndian: UInt16(64))
      bytes += repeatElement(0, count: padding - 6)
    }
  }

  /// Appends an entry's record in the directory.
  static func appendRecord(of entry: ZipWrittenEntry, name: String, to bytes: inout [UInt8]) {
    let saturated = Int(UInt32.max)
    let wide = [entry.byteCount, entry.compressedByteCount, entry.offset].filter { $0 >= saturated }
    bytes.append(littleEndian: directoryRecord)
    // Made on Unix by a program of APPNOTE 2.0.
    bytes.append(littleEndian: UInt16(0x0314))
    appendCommon(of: entry, name: name, isWide: !wide.isEmpty, to: &bytes)
    bytes.append(littleEndian: entry.checksum)
    bytes.append(littleEndian: UInt32(min(entry.compressedByteCount, saturated)))
    bytes.append(littleEndian: UInt32(min(entry.byteCount, saturated)))
    bytes.append(littleEndian: UInt16(name.utf8.count))
    bytes.append(littleEndian: UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
    // No comment, the first disk, no internal attributes; mode 0600 as Python's zipfile gives.
    bytes += repeatElement(0, count: 6)
    bytes.append(littleEndian: UInt32(0o600 << 16))
    bytes.append(littleEndian: UInt32(min(entry.offset, saturated)))
    bytes += name.utf8
    if !wide.isEmpty {
      bytes.append(littleEndian: zip64Extra)
      bytes.append(littleEndian: UInt16(8 * wide.count))
      for value in wide { bytes.append(littleEndian: UInt64(value)) }
    }
  }

  /// The version, flags, method and date that local header and directory have alike.
  private static func appendCommon(
    of entry: ZipWrittenEntry, name: String, isWide: Bool, to bytes: inout [UInt8]
  ) {
    bytes.append(littleEndian: UInt16(isWide ? 45 : 20))
    // Bit 11: the name is UTF-8.
    bytes.append(littleEndian: UInt16(name.utf8.allSatisfy { $0 < 0x80 } ? 0 : 0x800))
    bytes.append(littleEndian: UInt16(entry.isDeflated ? 8 : 0))
    bytes.append(littleEndian: date)
  }

  /// The end of an archive: the end record with its comment, and before it the 64-bit one and its locator
  /// where a number needs them.
  static func end(
    entryCount: Int, directoryOffset: Int, directoryByteCount: Int, comment: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let saturated = Int(UInt32.max)
    let isWide =
      entryCount >= 0xFFFF || directoryOffset >= saturated || directoryByteCount >= saturated
    if isWide {
      bytes.append(littleEndian: end64)
      bytes.append(littleEndian: UInt64(end64ByteCount - 12))
      bytes.append(littleEndian: UInt16(0x032D))
      bytes.append(littleEndian: UInt16(45))
      bytes += repeatElement(0, count: 8)
      bytes.append(littleEndian: UInt64(entryCount))
      bytes.append(littleEndian: UInt64(entryCount))
      bytes.append(littleEndian: UInt64(directoryByteCount))
      bytes.append(littleEndian: UInt64(directoryOffset))
      bytes.append(littleEndian: end64Locator)
      bytes.append(littleEndian: UInt32(0))
      bytes.append(littleEndian: UInt64(directoryOffset + directoryByteCount))
      bytes.append(littleEndian: UInt32(1))
    }
    bytes.append(littleEndian: end)
    bytes += repeatElement(0, count: 4)
    bytes.append(littleEndian: UInt16(min(entryCount, 0xFFFF)))
    bytes.append(littleEndian: UInt16(min(entryCount, 0xFFFF)))
    bytes.append(littleEndian: UInt32(min(directoryByteCount, saturated)))
    bytes.append(littleEndian: UInt32(min(directoryOffset, saturated)))
    bytes.append(littleEndian: UInt16(comment.count))
    return bytes + comment
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }
}
