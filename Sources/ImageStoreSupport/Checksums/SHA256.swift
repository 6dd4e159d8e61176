internal import CImageStoreKernels

/// SHA-256 as FIPS 180-4 defines it.
package struct SHA256: Sendable {
  private var hash = [UInt64](repeating: 0, count: Int(IMAGE_KERNELS_SHA256_WORDS))

  package init() {
    unsafe image_kernels_sha256_begin(&hash)
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    unsafe image_kernels_sha256_add(&hash, base, bytes.count)
  }

  package mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// The 32 bytes of the hash of the bytes added.
  package func finish() -> [UInt8] {
    var last = hash
    return unsafe [UInt8](unsafeUninitializedCapacity: 32) { result, count in
      guard let base = result.baseAddress else { return }
      unsafe image_kernels_sha256_finish(&last, base)
      count = 32
    }
  }

  /// The 32 bytes of the hash of some bytes.
  package static func hash(of bytes: RawSpan) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The 32 bytes of HMAC-SHA-256 as RFC 2104 defines it.
  package static func authenticationCode(of bytes: RawSpan, key: [UInt8]) -> [UInt8] {
    var block = key
    if key.count > 64 { block = unsafe hash(of: key.span.bytes) }
    while block.count < 64 { block.append(0) }
    let innerKey = block.map { $0 ^ 0x36 }
    let outerKey = block.map { $0 ^ 0x5C }
    var inner = SHA256()
    unsafe inner.update(innerKey.span.bytes)
    inner.update(bytes)
    let middle = inner.finish()
    var outer = SHA256()
    unsafe outer.update(outerKey.span.bytes)
    unsafe outer.update(middle.span.bytes)
    return outer.finish()
  }

  /// Bytes as hexadecimal digits in lower case.
  package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 48 + digit : 87 + digit) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
