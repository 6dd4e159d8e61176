import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

/// An archive mapped into memory, and its directory.
final class ZipArchive: Sendable {
  let file: MappedFile
  let directory: ZipDirectory
  let end: ZipEnd

  var path: String { file.path }

  /// - Parameters:
  ///   - file: the mapped file.
  ///   - directory: the directory that was read from it by `end`.
  init(_ file: MappedFile, _ directory: ZipDirectory, _ end: ZipEnd) {
    self.file = file
    self.directory = directory
    self.end = end
  }

  /// The bytes of an entry as they are in the file.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the local header differs from the directory.
  func compressedBytes(of entry: ZipEntry) throws(StoreError) -> UnsafeRawBufferPointer {
    // The directory was checked: the header and the name are before the limit, the limit in the file.
    let range = entry.offset..<entry.limit
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[range])
    let header = bytes.baseAddress!
    func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
      unsafe Value(littleEndian: header.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    let start = ZipFormat.localHeaderByteCount + entry.nameByteCount + Int(field(28, as: UInt16.self))
    let name = unsafe UnsafeRawBufferPointer(
      start: header + ZipFormat.localHeaderByteCount, count: entry.nameByteCount)
    // Bit 3: sizes and checksum follow the data and may be zero here.
    let isStreamed = field(6, as: UInt16.self) & 8 != 0
    let size = field(22, as: UInt32.self)
    let compressed = field(18, as: UInt32.self)
    guard field(0, as: UInt32.self) == ZipFormat.localHeader,
      Int(field(26, as: UInt16.self)) == entry.nameByteCount,
      unsafe CRC32.checksum(of: name) == entry.nameChecksum,
      field(8, as: UInt16.self) == (entry.isDeflated ? 8 : 0),
      isStreamed || field(14, as: UInt32.self) == entry.checksum,
      isStreamed || size == .max || Int(size) == entry.byteCount,
      isStreamed || compressed == .max || Int(compressed) == entry.compressedByteCount,
      bytes.count - start >= entry.compressedByteCount
    else {
      throw StoreError(
        .corrupt, "the header before the entry at offset \(entry.offset) contradicts the directory")
    }
    return unsafe UnsafeRawBufferPointer(
      rebasing: bytes[start..<start + entry.compressedByteCount])
  }

  /// The whole of a small entry, its checksum checked.
  ///
  /// - Parameter limit: the most bytes it may have.
  func contents(of entry: ZipEntry, limit: Int) throws(StoreError) -> [UInt8] {
    guard entry.byteCount <= limit else {
      throw StoreError(
        .limitExceeded, "the entry has \(entry.byteCount) bytes, but at most \(limit) are expected")
    }
    let source = try unsafe compressedBytes(of: entry)
    var bytes = [UInt8](repeating: 0, count: entry.byteCount)
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      if entry.isDeflated {
        var inflater = Inflater(.raw)
        try unsafe inflater.inflate(source, into: buffer)
      } else {
        unsafe buffer.copyMemory(from: source)
      }
      try unsafe entry.check(UnsafeRawBufferPointer(buffer))
    }
    return bytes
  }
}

extension ZipEntry {
  /// - Throws: ``StoreError/Code/corrupt`` if the entry's bytes do not match its checksum.
  func check(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    try unsafe check(found: CRC32.checksum(of: bytes))
  }

  /// - Throws: ``StoreError/Code/corrupt`` if a checksum is not the entry's.
  func check(found: UInt32) throws(StoreError) {
    guard found == checksum else {
      throw StoreError(
        .corrupt,
        "the entry is damaged: its CRC-32 is \(String(found, radix: 16)), not \(String(checksum, radix: 16))",
        remedy: "fetch or write the archive again")
    }
  }
}
