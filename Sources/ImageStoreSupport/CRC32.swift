internal import CImageStoreKernels

/// CRC-32 as zlib, zip and PNG define it.
package struct CRC32: Sendable {
  /// The checksum of what has been added.
  package private(set) var value: UInt32 = 0

  package init() {}

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    value = unsafe image_kernels_crc32(value, base, bytes.count)
  }

  package mutating func add(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe add($0) }
  }

  /// The checksum of some bytes.
  package static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32()
    unsafe crc.add(bytes)
    return crc.value
  }

  /// The checksum of some bytes.
  package static func checksum(of bytes: RawSpan) -> UInt32 {
    var crc = CRC32()
    crc.add(bytes)
    return crc.value
  }
}
