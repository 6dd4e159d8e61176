package import ImageStoreCore

/// Checksums of labels and columns, alike in every store that keeps them: of integers and floating-point numbers
/// their 8 bytes, little endian; of text its UTF-8, a zero byte after each.
extension CRC32 {
  package static func checksum(of labels: [Int]) -> UInt32 {
    checksum(of: labels) { UInt64(bitPattern: Int64($0)) }
  }

  package static func checksum(of column: Column) -> UInt32 {
    switch column {
    case .int64(let values): checksum(of: values) { UInt64(bitPattern: $0) }
    case .double(let values): checksum(of: values) { $0.bitPattern }
    case .string(let values): checksum(of: values)
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
