import ImageStoreCore
import ImageStoreSupport

/// One record of an archive's directory, every number of it checked.
///
/// To be used only while the directory's bytes are there.
@safe struct ZipDirectoryRecord {
  let entry: ZipEntry
  /// The number in a name such as `ix-000042.npy`, or nil where the name is another.
  let number: Int?
  /// The bytes of the record.
  let byteCount: Int
  private let rawName: UnsafeRawBufferPointer

  /// The name.
  var name: String { unsafe ZipName.text(of: rawName) }
  var nameBytes: ZipName.Bytes { unsafe ZipName.Bytes(rawName) }

  /// - Parameter limit: where the directory begins.
  init(_ directory: UnsafeRawBufferPointer, at position: Int, limit: Int) throws(StoreError) {
    guard directory.count - position >= ZipFormat.directoryRecordByteCount else {
      throw StoreError(.corrupt, "the archive's directory ends within an entry")
    }
    let record = unsafe directory.baseAddress! + position
    func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
      unsafe Value(littleEndian: record.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    let nameByteCount = Int(field(28, as: UInt16.self))
    let extraByteCount = Int(field(30, as: UInt16.self))
    let size =
      ZipFormat.directoryRecordByteCount + nameByteCount + extraByteCount
      + Int(field(32, as: UInt16.self))
    guard field(0, as: UInt32.self) == ZipFormat.directoryRecord, size <= directory.count - position
    else { throw StoreError(.corrupt, "a damaged directory in the archive, at its byte \(position)") }
    let name = unsafe UnsafeRawBufferPointer(
      start: record + ZipFormat.directoryRecordByteCount, count: nameByteCount)
    let (flags, method) = (field(8, as: UInt16.self), field(10, as: UInt16.self))
    let nameText = { unsafe ZipName.text(of: name) }
    let number = unsafe Self.number(in: name)
    if number == nil && !(unsafe Self.isHarmless(name)) {
      throw StoreError(.corrupt, "an entry whose name leads elsewhere", key: nameText())
    }
    // Bits 0, 6 and 13: kinds of encryption; bit 5: a patch of another file.
    guard flags & 0x2061 == 0 else {
      throw StoreError(.unsupported, "the entry is encrypted", key: nameText())
    }
    guard method == 0 || method == 8 else {
      throw StoreError(
        .unsupported, "compression method \(method)",
        remedy: "numpy writes and reads only stored and deflated",
        key: nameText())
    }
    var wide = Zip64Extra(
      byteCount: UInt64(field(24, as: UInt32.self)),
      compressedByteCount: UInt64(field(20, as: UInt32.self)),
      offset: UInt64(field(42, as: UInt32.self)))
    if wide.isNeeded {
      let extra = unsafe UnsafeRawBufferPointer(
        start: name.baseAddress! + nameByteCount, count: extraByteCount)
      guard unsafe wide.fill(from: extra) else {
        throw StoreError(.corrupt, "the entry lacks its 64-bit sizes", key: nameText())
      }
    }
    guard let byteCount = Int(exactly: wide.byteCount), byteCount <= 1 << 62,
      let compressed = Int(exactly: wide.compressedByteCount),
      let offset = Int(exactly: wide.offset), offset <= limit, limit < ZipEntry.offsetLimit,
      compressed <= limit - offset - ZipFormat.localHeaderByteCount - nameByteCount
    else {
      throw StoreError(.corrupt, "the entry does not lie before the archive's directory", key: nameText())
    }
    guard method == 8 || byteCount == compressed else {
      throw StoreError(
        .corrupt, "a stored entry of \(compressed) bytes that says it has \(byteCount)", key: nameText())
    }
    guard byteCount / ZipFormat.mostInflatedBytesPerByte <= compressed else {
      throw StoreError(
        .limitExceeded, "\(compressed) bytes that say they inflate to \(byteCount)",
        remedy: "deflate makes at most \(ZipFormat.mostInflatedBytesPerByte) of one", key: nameText())
    }
    entry = ZipEntry(
      offset: offset, nameByteCount: nameByteCount, nameChecksum: unsafe CRC32.checksum(of: name),
      isDeflated: method == 8, compressedByteCount: compressed, byteCount: byteCount,
      checksum: field(16, as: UInt32.self))
    self.number = number
    self.byteCount = size
    unsafe rawName = unsafe name
  }

  /// The number in `ix-` and at least six digits and `.npy`, spelled as it would be written.
  static func number(in name: UnsafeRawBufferPointer) -> Int? {
    guard name.count >= 13, name.count <= 25,
      unsafe name.loadUnaligned(as: UInt32.self) & UInt32(littleEndian: 0x00FF_FFFF)
        == UInt32(littleEndian: 0x002D_7869),
      unsafe name.loadUnaligned(fromByteOffset: name.count - 4, as: UInt32.self)
        == UInt32(littleEndian: 0x7970_6E2E)
    else { return nil }
    var number = 0
    for position in 3..<name.count - 4 {
      let digit = unsafe name[position] &- 0x30
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
    }
    return unsafe name.count == 13 || name[3] != 0x30 ? number : nil
  }

  /// Whether a name is neither empty nor absolute, has no `..`, backslash or NUL, and so would be safe to
  /// unpack.
  private static func isHarmless(_ name: UnsafeRawBufferPointer) -> Bool {
    unsafe !name.isEmpty && name[0] != 0x2F && !name.contains(0) && !name.contains(0x5C)
      && name.split(separator: 0x2F).allSatisfy { unsafe !$0.elementsEqual([0x2E, 0x2E]) }
  }
}
