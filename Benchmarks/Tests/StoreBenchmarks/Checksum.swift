/// CRC-32 as Python's `zlib.crc32` has it, over pixels in the order they were delivered.
struct Checksum {
  private(set) var value: UInt32 = 0

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
  }

  mutating func add(_ bytes: RawSpan) {
    let table = Self.table
    bytes.withUnsafeBytes { bytes in
      value = ~bytes.reduce(~value) { crc, byte in
        table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
      }
    }
  }

  static func of(_ bytes: RawSpan) -> UInt32 {
    var checksum = Checksum()
    checksum.add(bytes)
    return checksum.value
  }
}
