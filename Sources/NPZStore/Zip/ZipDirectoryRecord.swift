import ImageStoreCore
import ImageStoreSupport

/// One record of an archive's directory, every number of it checked.
///
/// Use it only while the directory's bytes exist.
@safe struct ZipDirectoryRecord {
  let entry: ZipEntry
  /// The number in the name; nil if the name is not a number's.
  let number: Int?
  /// The bytes of the record.
  let byteCount: Int
  private let problemKind: ProblemKind?
  /// How the entry is packed.
  let method: UInt16
  /// The flags of the entry.
  let flags: UInt16
  private let rawName: UnsafeRawBufferPointer

  /// What keeps an entry from being read. Errors are large, and a directory has many records.
  private enum ProblemKind {
    case leadsOut, isEncrypted, hasOtherMethod
  }

  /// Why the entry cannot be read, if this matters only when it is read.
  var problem: StoreError? {
    switch problemKind {
    case nil: nil
    case .leadsOut: StoreError(.corrupt, "the entry's name leads out of the archive", key: name)
    case .isEncrypted: StoreError(.unsupported, "the entry is encrypted", key: name)
    case .hasOtherMethod:
      StoreError(
        .unsupported, "the entry has compression method \(method)",
        remedy: "numpy writes and reads only stored and deflated",
        key: name)
    }
  }

  /// The name.
  var name: String { unsafe ZipName.text(of: rawName) }
  var nameBytes: ZipName.Bytes { unsafe ZipName.Bytes(rawName) }

  /// - Parameters:
  ///   - position: where in the directory the record begins.
  ///   - limit: where the directory begins.
  ///   - numbering: the names of numbered entries.
  init(
    _ directory: UnsafeRawBufferPointer, at position: Int, limit: Int, numbering: borrowing ZipNumbering
  ) throws(StoreError) {
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
    else { throw StoreError(.corrupt, "the archive's directory is damaged at its byte \(position)") }
    let name = unsafe UnsafeRawBufferPointer(
      start: record + ZipFormat.directoryRecordByteCount, count: nameByteCount)
    let (flags, method) = (field(8, as: UInt16.self), field(10, as: UInt16.self))
    let nameText = { unsafe ZipName.text(of: name) }
    let number = unsafe numbering.number(in: name)
    var problem: ProblemKind?
    if number == nil && !(unsafe Self.isHarmless(name)) {
      problem = .leadsOut
    } else if flags & 0x2061 != 0 {
      // Bits 0, 6 and 13: kinds of encryption; bit 5: a patch of another file.
      problem = .isEncrypted
    } else if method != 0 && method != 8 {
      problem = .hasOtherMethod
    }
    problemKind = problem
    (self.method, self.flags) = (method, flags)
    let isFolder = unsafe name.last == 0x2F
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
      throw StoreError(.corrupt, "the entry is not before the archive's directory", key: nameText())
    }
    guard method != 0 || byteCount == compressed || isFolder else {
      throw StoreError(
        .corrupt, "the stored entry has \(compressed) bytes, but says it has \(byteCount)", key: nameText())
    }
    guard problem != nil || isFolder || byteCount / ZipFormat.mostInflatedBytesPerByte <= compressed else {
      throw StoreError(
        .limitExceeded, "the entry has \(compressed) bytes, but says they decompress to \(byteCount)",
        remedy: "one deflated byte gives at most \(ZipFormat.mostInflatedBytesPerByte)", key: nameText())
    }
    entry = ZipEntry(
      offset: offset, nameByteCount: nameByteCount, nameChecksum: unsafe CRC32.checksum(of: name),
      isDeflated: method == 8, compressedByteCount: compressed, byteCount: byteCount,
      checksum: field(16, as: UInt32.self))
    self.number = number
    self.byteCount = size
    unsafe rawName = unsafe name
    // Every numbered entry is an image.
    if problem != nil, number != nil { throw self.problem! }
  }

  /// Whether a name is neither empty nor absolute, has no `..`, backslash or NUL, and so would be safe to
  /// unpack.
  private static func isHarmless(_ name: UnsafeRawBufferPointer) -> Bool {
    unsafe !name.isEmpty && name[0] != 0x2F && !name.contains(0) && !name.contains(0x5C)
      && name.split(separator: 0x2F).allSatisfy { unsafe !$0.elementsEqual([0x2E, 0x2E]) }
  }
}

/// Sizes and offset of an entry, of which those beyond 32 bits are in an extra field.
struct Zip64Extra {
  var byteCount: UInt64
  var compressedByteCount: UInt64
  var offset: UInt64

  private static let saturated = UInt64(UInt32.max)

  /// Whether one of the 32-bit fields refers to the extra field.
  var isNeeded: Bool {
    byteCount == Self.saturated || compressedByteCount == Self.saturated || offset == Self.saturated
  }

  /// Reads the values that do not fit the 32-bit fields from the extra field with the number 1.
  ///
  /// - Returns: whether it has all of them.
  mutating func fill(from extra: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while let id = unsafe extra.integer(UInt16.self, at: position),
      let size = unsafe extra.integer(UInt16.self, at: position + 2)
    {
      position += 4
      guard Int(size) <= extra.count - position else { return false }
      guard id == ZipFormat.zip64Extra else {
        position += Int(size)
        continue
      }
      let field = unsafe UnsafeRawBufferPointer(rebasing: extra[position..<position + Int(size)])
      var next = 0
      return unsafe Self.take(&byteCount, from: field, &next)
        && Self.take(&compressedByteCount, from: field, &next) && Self.take(&offset, from: field, &next)
    }
    return false
  }

  private static func take(
    _ value: inout UInt64, from field: UnsafeRawBufferPointer, _ next: inout Int
  ) -> Bool {
    guard value == saturated else { return true }
    guard let wide = unsafe field.integer(UInt64.self, at: next) else { return false }
    value = wide
    next += 8
    return true
  }
}
