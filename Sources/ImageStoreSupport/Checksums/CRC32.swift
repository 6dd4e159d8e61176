internal import CImageStoreKernels
package import ImageStoreCore

/// CRC-32 as zlib, zip and PNG define it.
package struct CRC32: Sendable {
  /// The checksum of the bytes added.
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

  /// The checksum of some bytes, while the processor fetches as many bytes at another place, which
  /// are needed after them. Nothing is read there.
  package static func checksum(
    of bytes: UnsafeRawBufferPointer, fetching next: UnsafeRawPointer
  ) -> UInt32 {
    guard let base = bytes.baseAddress else { return 0 }
    return unsafe image_kernels_crc32_fetching(0, base, bytes.count, next)
  }

  /// The checksum of some bytes.
  package static func checksum(of bytes: RawSpan) -> UInt32 {
    var crc = CRC32()
    crc.add(bytes)
    return crc.value
  }
}

/// Checksums of labels and columns, which are the same in every store that keeps them. They are
/// taken of the 8 bytes of integers and floating-point numbers, little endian; of the UTF-8 of
/// text, with a zero byte after each; and of bytes as they are. The offsets of bytes have a
/// checksum of their own.
extension CRC32 {
  package static func checksum(of labels: [Int]) -> UInt32 {
    checksum(of: labels) { UInt64(bitPattern: Int64($0)) }
  }

  package static func checksum(of column: Column) -> UInt32 {
    switch column {
    case .int64(let values): checksum(of: values) { UInt64(bitPattern: $0) }
    case .double(let values): checksum(of: values) { $0.bitPattern }
    case .string(let values): checksum(of: values)
    case .bytes(let bytes): unsafe checksum(of: bytes.values.span.bytes)
    case .int64Vectors(let vectors): checksum(of: vectors.values) { UInt64(bitPattern: $0) }
    case .doubleVectors(let vectors): checksum(of: vectors.values) { $0.bitPattern }
    }
  }

  package static func checksum(of strings: [String]) -> UInt32 {
    var crc = CRC32()
    var terminated: [UInt8] = []
    for string in strings {
      terminated.removeAll(keepingCapacity: true)
      terminated += string.utf8
      terminated.append(0)
      unsafe crc.add(terminated.span.bytes)
    }
    return crc.value
  }

  private static func checksum<Value>(of values: [Value], bits: (Value) -> UInt64) -> UInt32 {
    let words = values.map { bits($0).littleEndian }
    return unsafe checksum(of: words.span.bytes)
  }
}
