/// One entry of the directory, in 40 bytes.
///
/// Every number has been checked against the file before a value exists: the local header and the
/// compressed bytes are before ``limit``.
struct ZipEntry: Sendable {
  /// The offset of the local header (48 bits) and above it the bytes of the name (16 bits).
  private var offsetAndNameByteCount: UInt64
  /// The offset where the next entry or the directory begins (48 bits) and above it whether the bytes are
  /// deflated.
  private var limitAndMethod: UInt64
  private var storedCompressedByteCount: UInt64
  private var storedByteCount: UInt64
  /// The CRC-32 of the bytes.
  let checksum: UInt32
  /// The CRC-32 of the name, by which the local header's name is compared.
  let nameChecksum: UInt32

  /// Offsets from here on are refused: 256 TiB.
  static let offsetLimit = 1 << 48

  init(
    offset: Int, nameByteCount: Int, nameChecksum: UInt32, isDeflated: Bool, compressedByteCount: Int,
    byteCount: Int, checksum: UInt32
  ) {
    precondition(offset < Self.offsetLimit && nameByteCount < 1 << 16)
    offsetAndNameByteCount = UInt64(offset) | UInt64(nameByteCount) << 48
    limitAndMethod = UInt64(offset) | (isDeflated ? 1 << 48 : 0)
    storedCompressedByteCount = UInt64(compressedByteCount)
    storedByteCount = UInt64(byteCount)
    self.checksum = checksum
    self.nameChecksum = nameChecksum
  }

  /// Where the local header begins.
  var offset: Int { Int(offsetAndNameByteCount & UInt64(Self.offsetLimit - 1)) }
  var nameByteCount: Int { Int(offsetAndNameByteCount >> 48) }
  var isDeflated: Bool { limitAndMethod >> 48 != 0 }
  /// The bytes in the file.
  var compressedByteCount: Int { Int(storedCompressedByteCount) }
  /// The bytes once inflated.
  var byteCount: Int { Int(storedByteCount) }

  /// Where the next entry or the directory begins.
  var limit: Int {
    get { Int(limitAndMethod & UInt64(Self.offsetLimit - 1)) }
    set { limitAndMethod = (limitAndMethod >> 48) << 48 | UInt64(newValue) }
  }

  /// The least the entry takes in the file: its local header may also have an extra field.
  var leastByteCount: Int { ZipFormat.localHeaderByteCount + nameByteCount + compressedByteCount }
}
