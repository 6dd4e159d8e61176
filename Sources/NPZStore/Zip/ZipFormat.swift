import ImageStoreSupport

/// Numbers of the zip format (PKWARE's APPNOTE.TXT, 6.3).
enum ZipFormat {
  static let localHeader: UInt32 = 0x0403_4B50
  static let directoryRecord: UInt32 = 0x0201_4B50
  static let end: UInt32 = 0x0605_4B50
  static let end64: UInt32 = 0x0606_4B50
  static let end64Locator: UInt32 = 0x0706_4B50

  static let localHeaderByteCount = 30
  static let directoryRecordByteCount = 46
  static let endByteCount = 22
  static let end64ByteCount = 56
  static let end64LocatorByteCount = 20

  /// The extra field with 64-bit sizes and offsets.
  static let zip64Extra: UInt16 = 0x0001
  /// The extra field that pads an entry to an alignment, as Android's zipalign writes it.
  static let alignmentExtra: UInt16 = 0xD935

  /// Deflate makes at most 258 bytes from 2 bits, so more than this many bytes from one byte is
  /// impossible.
  static let mostInflatedBytesPerByte = 1032
}

/// An entry as it was written.
struct ZipWrittenEntry: Sendable {
  /// Where the local header begins.
  var offset: Int
  let compressedByteCount: Int
  let byteCount: Int
  let checksum: UInt32
  let isDeflated: Bool
}

/// The parts of an entry's old record that are kept when the entry is written again.
struct ZipKeptFields {
  /// Made on Unix by a program of APPNOTE 2.0.
  var madeBy: UInt16 = 0x0314
  var internalAttributes: UInt16 = 0
  /// The mode 0600, as Python's zipfile gives.
  var externalAttributes: UInt32 = 0o600 << 16
  /// The extra fields without that of 64-bit sizes.
  var extra: [UInt8] = []
  var comment: [UInt8] = []

  init() {}

  /// - Parameter record: the record, whole, which has been checked.
  init(ofRecord record: UnsafeRawBufferPointer) {
    func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
      unsafe record.integer(type, at: offset) ?? 0
    }
    madeBy = field(4, as: UInt16.self)
    internalAttributes = field(36, as: UInt16.self)
    externalAttributes = field(38, as: UInt32.self)
    var position = ZipFormat.directoryRecordByteCount + Int(field(28, as: UInt16.self))
    let extraEnd = position + Int(field(30, as: UInt16.self))
    while position + 4 <= extraEnd {
      let next = position + 4 + Int(field(position + 2, as: UInt16.self))
      guard next <= extraEnd else { break }
      if field(position, as: UInt16.self) != ZipFormat.zip64Extra {
        unsafe extra += record[position..<next]
      }
      position = next
    }
    comment = unsafe Array(record[extraEnd...])
  }
}

extension ZipFormat {
  /// 1980-01-01, as numpy writes it: files of the same images are the same.
  private static let date: UInt32 = 0x0021_0000

  /// From this size on the local header has 64-bit sizes, for any compressed size.
  static let wideByteCount = 0xFFFF_0000

  /// The first multiple of 64 at which an entry's data can begin.
  static func alignedStart(offset: Int, nameByteCount: Int, byteCount: Int) -> Int {
    let least =
      offset + localHeaderByteCount + nameByteCount + (byteCount >= wideByteCount ? 20 : 0) + 6
    return (least + 63) / 64 * 64
  }

  /// Appends the header that is before an entry's data.
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

  /// The bytes that ``appendRecord(of:name:keeping:to:)`` appends for an entry that keeps nothing.
  static func recordByteCount(of entry: ZipWrittenEntry, nameByteCount: Int) -> Int {
    let wide = wideValues(of: entry).count
    return directoryRecordByteCount + nameByteCount + (wide == 0 ? 0 : 4 + 8 * wide)
  }

  /// The values that do not fit 32 bits.
  private static func wideValues(of entry: ZipWrittenEntry) -> [Int] {
    guard max(entry.byteCount, entry.compressedByteCount, entry.offset) >= saturated else { return [] }
    return [entry.byteCount, entry.compressedByteCount, entry.offset].filter { $0 >= saturated }
  }

  private static let saturated = Int(UInt32.max)

  /// Appends an entry's record in the directory.
  static func appendRecord(
    of entry: ZipWrittenEntry, name: String, keeping kept: ZipKeptFields = ZipKeptFields(),
    to bytes: inout [UInt8]
  ) {
    let wide = wideValues(of: entry)
    let wideByteCount = wide.isEmpty ? 0 : 4 + 8 * wide.count
    let extra = kept.extra.count + wideByteCount <= Int(UInt16.max) ? kept.extra : []
    bytes.append(littleEndian: directoryRecord)
    bytes.append(littleEndian: kept.madeBy)
    appendCommon(of: entry, name: name, isWide: !wide.isEmpty, to: &bytes)
    bytes.append(littleEndian: entry.checksum)
    bytes.append(littleEndian: UInt32(min(entry.compressedByteCount, saturated)))
    bytes.append(littleEndian: UInt32(min(entry.byteCount, saturated)))
    bytes.append(littleEndian: UInt16(name.utf8.count))
    bytes.append(littleEndian: UInt16(wideByteCount + extra.count))
    bytes.append(littleEndian: UInt16(kept.comment.count))
    // The first disk.
    bytes.append(littleEndian: UInt16(0))
    bytes.append(littleEndian: kept.internalAttributes)
    bytes.append(littleEndian: kept.externalAttributes)
    bytes.append(littleEndian: UInt32(min(entry.offset, saturated)))
    bytes += name.utf8
    if !wide.isEmpty {
      bytes.append(littleEndian: zip64Extra)
      bytes.append(littleEndian: UInt16(8 * wide.count))
      for value in wide { bytes.append(littleEndian: UInt64(value)) }
    }
    bytes += extra
    bytes += kept.comment
  }

  /// Sectors, which reach a disk as a whole or not at all, have this many bytes or a multiple.
  static let sectorByteCount = 512

  /// Where a directory must begin so that the end record after it, with this many bytes of its
  /// comment, is in one sector.
  static func directoryStart(
    notBefore offset: Int, byteCount: Int, entryCount: Int, commentByteCount: Int
  ) -> Int {
    var start = offset
    while true {
      let end = Self.end(
        entryCount: entryCount, directoryOffset: start, directoryByteCount: byteCount, comment: [])
      let room = sectorByteCount - (start + byteCount) % sectorByteCount
      if end.count + commentByteCount <= room { return start }
      start += room
    }
  }

  /// The version, flags, method and date, which are the same in local header and directory.
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
  /// if a number needs them.
  static func end(
    entryCount: Int, directoryOffset: Int, directoryByteCount: Int, comment: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
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
