/// Integers in the bytes of a file, at any alignment.
extension UnsafeRawBufferPointer {
  /// The integer at an offset, or nil where the bytes end before.
  @inline(__always)
  package func integer<Value: FixedWidthInteger>(
    _ type: Value.Type, at offset: Int, bigEndian: Bool = false
  ) -> Value? {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, count >= size, offset <= count - size else { return nil }
    let raw = unsafe loadUnaligned(fromByteOffset: offset, as: Value.self)
    return bigEndian ? Value(bigEndian: raw) : Value(littleEndian: raw)
  }
}
