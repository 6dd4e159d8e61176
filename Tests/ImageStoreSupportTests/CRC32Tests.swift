import ImageStoreSupport
import Testing

@Suite struct CRC32Tests {
  /// The definition, a bit at a time.
  static func naive(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    return ~crc
  }

  @Test func hasTheStandardCheckValue() {
    #expect(unsafe CRC32.checksum(of: Array("123456789".utf8).span.bytes) == 0xCBF4_3926)
  }

  @Test func agreesWithTheDefinitionAtEveryLength() {
    var state: UInt64 = 1
    let bytes = (0..<700).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for count in Array(0..<300) + [511, 512, 513, 699] {
      let part = Array(bytes[..<count])
      let expected = Self.naive(part)
      #expect(unsafe CRC32.checksum(of: part.span.bytes) == expected, "\(count) bytes")
      var parts = CRC32()
      unsafe parts.add(Array(part[..<(count / 3)]).span.bytes)
      unsafe parts.add(Array(part[(count / 3)...]).span.bytes)
      #expect(parts.value == expected, "\(count) bytes in two parts")
    }
  }
}
