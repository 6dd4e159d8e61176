import CImageStoreKernels
import ImageStoreSupport
import Testing

@Suite struct SHA256Tests {
  static func hash(_ bytes: [UInt8]) -> String {
    unsafe SHA256.hexadecimal(SHA256.hash(of: bytes.span.bytes))
  }

  /// The examples of FIPS 180-2, appendix B.
  @Test(arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]) func hasThePublishedResults(text: String, count: Int, expected: String) {
    #expect(Self.hash(Array(String(repeating: text, count: count).utf8)) == expected)
  }

  /// The test cases 1, 2, 3 and 6 of RFC 4231.
  @Test func authenticatesAsPublished() {
    func code(_ key: [UInt8], _ bytes: [UInt8]) -> String {
      unsafe SHA256.hexadecimal(SHA256.authenticationCode(of: bytes.span.bytes, key: key))
    }
    #expect(
      code([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      code(Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      code([UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50))
        == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
    #expect(
      code(
        [UInt8](repeating: 0xAA, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  /// Blocks with the processor's instructions and without, and bytes in one and in three parts, at
  /// every length.
  @Test func isTheSameHoweverItIsCalculated() {
    var state: UInt64 = 1
    let bytes = (0..<1000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for count in 0..<300 {
      let part = Array(bytes[..<count])
      var parts = SHA256()
      unsafe parts.update(Array(part[..<(count / 3)]).span.bytes)
      unsafe parts.update(Array(part[(count / 3)..<(count / 2)]).span.bytes)
      unsafe parts.update(Array(part[(count / 2)...]).span.bytes)
      #expect(SHA256.hexadecimal(parts.finish()) == Self.hash(part), "\(count) bytes")
      #expect(Self.portable(part) == Self.hash(part), "\(count) bytes, portable")
    }
  }

  private static func portable(_ bytes: [UInt8]) -> String {
    var padded = bytes + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      padded.append(UInt8(truncatingIfNeeded: (bytes.count * 8) >> shift))
    }
    var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    unsafe image_kernels_sha256_blocks_portable(&state, padded, padded.count / 64)
    return SHA256.hexadecimal(
      state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } })
  }
}
