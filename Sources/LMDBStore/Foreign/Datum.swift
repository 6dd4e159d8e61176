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
  /// Where runs of float_data lie within the value, in order.
  private(set) var floats: [Range<Int>] = []
  private(set) var floatCount = 0

  /// - Throws: ``StoreError/Code/corrupt`` for what is no protocol buffer with these fields.
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
        throw StoreError(.corrupt, "a Datum whose field \(field) has the wire type \(wire)")
      default: try cursor.skip(wire: wire)
      }
    }
  }

  private mutating func add(_ range: Range<Int>) throws(StoreError) {
    guard range.count % 4 == 0 else { throw StoreError(.corrupt, "a Datum with a broken float") }
    floatCount += range.count / 4
    if let last = floats.last, last.upperBound == range.lowerBound {
      floats[floats.count - 1] = last.lowerBound..<range.upperBound
    } else {
      floats.append(range)
    }
  }

  /// The format of an image whose samples stand in the record.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` where the samples are not as many as the sizes say.
  func format() throws(StoreError) -> ImageFormat {
    let byteCount = data?.count ?? 0
    let isFloat = byteCount == 0 && floatCount > 0
    let format = try ImageFormat(
      validating: height, width: width, channels: channels, elementType: isFloat ? .float32 : .uint8)
    guard (isFloat ? floatCount : byteCount) == format.sampleCount else {
      throw StoreError(
        .corrupt, "a Datum of \(isFloat ? floatCount : byteCount) samples whose sizes say \(format)")
    }
    return format
  }

  /// Whether a value is such a record, and not some other bytes.
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
