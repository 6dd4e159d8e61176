/// HDF5's Fletcher-32: over 16-bit words of which the first byte is the high one, an odd last byte being
/// the high byte of a word.
///
/// Source: HDF5 File Format Specification, version 3.0, section IV.A.2.l (the filter), and RFC 1071's way
/// of adding; T. Fletcher, "An Arithmetic Checksum for Serial Transmissions", 1982.
enum Fletcher32 {
  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum1: UInt32 = 0
    var sum2: UInt32 = 0
    var position = 0
    let end = bytes.count & ~1
    while position < end {
      // So many words fit before a sum may leave 32 bits.
      let stop = min(end, position + 720)
      while position < stop {
        sum1 &+=
          unsafe UInt32(bytes[unchecked: position]) << 8 | UInt32(bytes[unchecked: position + 1])
        sum2 &+= sum1
        position += 2
      }
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    if bytes.count & 1 != 0 {
      sum1 &+= unsafe UInt32(bytes[end]) << 8
      sum2 &+= sum1
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    return fold(sum2) << 16 | fold(sum1)
  }

  private static func fold(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) &+ (sum >> 16) }
}

extension UnsafeRawBufferPointer {
  /// The byte at an index that the caller knows to be within bounds.
  @inline(__always)
  fileprivate subscript(unchecked index: Int) -> UInt8 {
    unsafe load(fromByteOffset: index, as: UInt8.self)
  }
}
