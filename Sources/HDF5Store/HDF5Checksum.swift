import ImageStoreCore
import StoreIO

/// The CRC-32 of the parts of a store that are no pixels.
enum HDF5Checksum {
  /// Labels as 64-bit integers, little endian.
  static func of(labels: [Int]) -> UInt32 {
    of(integers: labels.map(Int64.init))
  }

  /// Integers and floating-point numbers of 64 bits, little endian, or strings.
  static func of(_ column: Column) -> UInt32 {
    switch column {
    case .int64(let values): of(integers: values)
    case .double(let values): of(integers: values.map { Int64(bitPattern: $0.bitPattern) })
    case .string(let values): of(strings: values)
    }
  }

  /// UTF-8, a zero byte after each.
  static func of(strings: [String]) -> UInt32 {
    var crc = CRC32()
    for string in strings {
      let bytes = Array(string.utf8) + [0]
      unsafe bytes.withUnsafeBytes { unsafe crc.add($0) }
    }
    return crc.value
  }

  private static func of(integers: [Int64]) -> UInt32 {
    unsafe integers.map(\.littleEndian).withUnsafeBytes { unsafe CRC32.checksum(of: $0) }
  }
}
