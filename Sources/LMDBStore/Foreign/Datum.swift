internal import ImageStoreCore

/// Caffe's record of an image, a protocol buffer.
///
/// Fields: 1 channels, 2 height, 3 width, 4 data (bytes), 5 label, 6 float_data (repeated), 7 encoded.
/// Source: BVLC/caffe, `src/caffe/proto/caffe.proto`, message `Datum`; the wire format of protocol buffers.
@safe struct Datum {
  private(set) var channels = 0
  private(set) var height = 0
  private(set) var width = 0
  private(set) var label: Int?
  private(set) var isEncoded = false
  /// Where the data begins within the value, and its bytes.
  private(set) var data: Range<Int>?
  /// Where runs of float_data are within the value, in order.
  private(set) var floats: [Range<Int>] = []
  private(set) var floatCount = 0

  /// - Throws: ``StoreError/Code/corrupt`` for bytes that are not a protocol buffer with these
  ///   fields.
  init(_ value: UnsafeRawBufferPointer) throws(StoreError) {
    var cursor = unsafe ProtobufCursor(value)
    while let (field, wire) = try cursor.tag() {
      switch (field, wire) {
      case (1, 0): channels = try cursor.size()
      case (2, 0): height = try cursor.size()
      case (3, 0): width = try cursor.size()
      case (4, 2): data = try cursor.payload()
      // A negative int32 is written as 64 bits.
      case (5, 0): label = Int(Int32(truncatingIfNeeded: try cursor.varint()))
      case (6, 2): try add(cursor.payload())
      case (6, 5): try add(cursor.skip(4))
      case (7, 0): isEncoded = try cursor.varint() != 0
      case (1...7, _):
        throw StoreError(.corrupt, "the field \(field) of the Datum has the wrong wire type \(wire)")
      default: try cursor.skip(wire: wire)
      }
    }
  }

  private mutating func add(_ range: Range<Int>) throws(StoreError) {
    guard range.count % 4 == 0 else { throw StoreError(.corrupt, "the Datum has a damaged float") }
    floatCount += range.count / 4
    if let last = floats.last, last.upperBound == range.lowerBound {
      floats[floats.count - 1] = last.lowerBound..<range.upperBound
    } else {
      floats.append(range)
    }
  }

  /// The format of an image whose samples are in the record.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the samples are not as many as the sizes say.
  func format() throws(StoreError) -> ImageFormat {
    let byteCount = data?.count ?? 0
    let isFloat = byteCount == 0 && floatCount > 0
    let format = try ImageFormat(
      validating: height, width: width, channels: channels, elementType: isFloat ? .float32 : .uint8)
    guard (isFloat ? floatCount : byteCount) == format.sampleCount else {
      throw StoreError(
        .corrupt, "the Datum has \(isFloat ? floatCount : byteCount) samples, but says it is \(format)")
    }
    return format
  }

  /// Whether a value is such a record.
  static func isDatum(_ value: UnsafeRawBufferPointer) -> Bool {
    do throws(StoreError) {
      let datum = try unsafe Datum(value)
      if datum.isEncoded { return (datum.data?.count ?? 0) > 0 }
      _ = try datum.format()
      return true
    } catch {
      return false
    }
  }
}

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

  /// Where a field of bytes is.
  mutating func payload() throws(StoreError) -> Range<Int> {
    let count = try varint()
    guard unsafe count <= UInt64(bytes.count) else { throw Self.broken }
    return try skip(Int(count))
  }

  /// Where the next bytes are.
  @discardableResult
  mutating func skip(_ count: Int) throws(StoreError) -> Range<Int> {
    guard unsafe count <= bytes.count - position else { throw Self.broken }
    defer { position += count }
    return position..<position + count
  }

  /// Skips a field that is not needed.
  mutating func skip(wire: UInt64) throws(StoreError) {
    switch wire {
    case 0: _ = try varint()
    case 1: try skip(8)
    case 2: _ = try payload()
    case 5: try skip(4)
    default: throw Self.broken
    }
  }

  private static var broken: StoreError { StoreError(.corrupt, "the value is a damaged protocol buffer") }
}
