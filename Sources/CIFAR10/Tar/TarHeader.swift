import ImageStoreCore

/// A header of a tar archive: one block of 512 bytes.
struct TarHeader {
  /// The last component of the path.
  let name: String
  let byteCount: Int
  let isPlainFile: Bool

  /// - Returns: nil for a block of zeros, which ends an archive.
  /// - Throws: ``StoreError/Code/corrupt`` if the block fails its checksum or has a size that is not a
  ///   number.
  init?(_ block: [UInt8]) throws(StoreError) {
    var total = 0
    for byte in block { total += Int(byte) }
    guard total > 0 else { return nil }
    // The checksum is the sum of all bytes with its own eight taken for spaces.
    var sum = total + 8 * 0x20
    for position in 148..<156 { sum -= Int(block[position]) }
    guard Self.number(block[148..<156]) == sum else {
      // A gzip file need not be an archive.
      guard block[257..<262].elementsEqual("ustar".utf8) else {
        throw StoreError(
          .corrupt, "the file's content is not a tar archive",
          remedy: "if it is gzip-compressed, decompress it with gunzip and give the result")
      }
      throw StoreError(.corrupt, "the archive has a header that fails its checksum", remedy: "get it again")
    }
    let path = String(decoding: block[0..<100].prefix { $0 != 0 }, as: UTF8.self)
    name = String(path.split(separator: "/").last ?? "")
    guard let byteCount = Self.number(block[124..<136]) else {
      throw StoreError(.corrupt, "the archive has a file whose size is not a number", key: name)
    }
    self.byteCount = byteCount
    // '0', or in the oldest archives nothing.
    isPlainFile = block[156] == UInt8(ascii: "0") || block[156] == 0
  }

  /// An octal number between spaces, ended by a space or a zero, or, if the first bit is set, a
  /// big-endian one of GNU tar; nil for anything else and for what does not fit.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    var value = 0
    if first & 0x80 != 0 {
      guard first == 0x80 else { return nil }
      for byte in field.dropFirst() {
        guard value <= Int.max >> 8 else { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    for digit in digits {
      guard digit & 0xF8 == 0x30, value <= Int.max >> 3 else { return nil }
      value = value << 3 | Int(digit & 7)
    }
    return value
  }
}
