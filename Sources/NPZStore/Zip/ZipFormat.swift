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

  /// Deflate makes 258 bytes of 2 bits at best, so more than this many bytes of one are a lie.
  static let mostInflatedBytesPerByte = 1032
}
