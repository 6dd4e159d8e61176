/// JSON with a checksum of itself, for the small files that describe a store to programs and
/// people.
///
/// The object has a key `crc32`, after no other that could hold the text of one: eight hexadecimal
/// digits, the CRC-32 of the file with zeros in their place. As Foundation writes it,
/// pretty-printed.
package enum ChecksummedJSON {
  /// The value of `crc32` before the checksum is known.
  package static let zeros = "00000000"

  /// The bytes of a file whose `crc32` is ``zeros``, with the checksum instead.
  package static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
    guard let place = place(in: bytes) else { return bytes }
    let digits = unsafe String(CRC32.checksum(of: bytes.span.bytes), radix: 16)
    var checked = bytes
    checked.replaceSubrange(place, with: (zeros.dropFirst(digits.count) + digits).utf8)
    return checked
  }

  /// Whether the bytes of a file agree with the checksum in it; a file without a checksum does.
  ///
  /// - Parameter stated: the value of `crc32`.
  package static func isIntact(_ bytes: [UInt8], stated: String?) -> Bool {
    guard let stated else { return true }
    guard let place = place(in: bytes) else { return false }
    var blank = bytes
    blank.replaceSubrange(place, with: zeros.utf8)
    return unsafe UInt32(stated, radix: 16) == CRC32.checksum(of: blank.span.bytes)
  }

  /// Where the digits are. Quotes are escaped within text, so only a key can look like this one.
  private static func place(in bytes: [UInt8]) -> Range<Int>? {
    let key = Array("\"crc32\" : \"".utf8)
    var start = 0
    while start + key.count + zeros.utf8.count <= bytes.count {
      let end = start + key.count
      if bytes[start] == key[0], bytes[start..<end].elementsEqual(key) { return end..<end + zeros.utf8.count }
      start += 1
    }
    return nil
  }
}
