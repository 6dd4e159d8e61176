internal import ImageStoreCore

/// Reads the fields of a protocol buffer one after another.
@safe struct ProtobufCursor {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  /// The number and wire type of the next field, or nil at the end.
  mutating func tag() throws(StoreError) -> (field: UInt64, wire: UInt64)? {
    guard unsafe position < bytes.count else { return nil }
    let tag = try varint()
    return (tag >> 3, tag & 7)
  }

  mutating func varint() throws(StoreError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
      guard unsafe position < bytes.count else { throw Self.broken }
      let byte = unsafe bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Self.broken
  }

  /// A number that counts something.
  mutating func size() throws(StoreError) -> Int {
    let value = try varint()
    guard value <= UInt64(Int32.max) else { throw Self.broken }
    return Int(value)
  }

  /// Where a field of bytes lies.
  mutating func payload() throws(StoreError) -> Range<Int> {
    let count = try varint()
    guard unsafe count <= UInt64(bytes.count) else { throw Self.broken }
    return try skip(Int(count))
  }

  /// Where the next bytes lie.
  @discardableResult
  mutating func skip(_ count: Int) throws(StoreError) -> Range<Int> {
    guard unsafe count <= bytes.count - position else { throw Self.broken }
    defer { position += count }
    return position..<position + count
  }

  /// Skips a field of no interest.
  mutating func skip(wire: UInt64) throws(StoreError) {
    switch wire {
    case 0: _ = try varint()
    case 1: try skip(8)
    case 2: _ = try payload()
    case 5: try skip(4)
    default: throw Self.broken
    }
  }

  private static var broken: StoreError { StoreError(.corrupt, "a broken protocol buffer") }
}
