internal import ImageStoreCore
internal import ImageStoreNumPy

/// Height, width, channels and element type of single images: an array of four 32-bit integers per image.
@safe struct ShapeRecord {
  /// The number of an element type is its position in this list.
  static let elementTypes: [ElementType] = [
    .bool, .uint8, .uint16, .int8, .int16, .int32, .int64, .float16, .float32, .float64,
    .uint32, .uint64,
  ]

  let count: Int
  private let data: UnsafeRawBufferPointer

  init(_ header: NPYHeader, _ data: UnsafeRawBufferPointer) throws(StoreError) {
    guard header.type == NPYType(.unsignedInteger, byteCount: 4), !header.isFortranOrder,
      header.shape.count == 2, header.shape[1] == 4
    else { throw StoreError(.corrupt, "shapes that are not an array of four 32-bit integers per image") }
    count = header.shape[0]
    unsafe self.data = data
  }

  /// The format of the image at a position within the segment.
  func format(_ position: Int) throws(StoreError) -> ImageFormat {
    let numbers = (0..<4).map {
      unsafe Int(data.loadUnaligned(fromByteOffset: position * 16 + $0 * 4, as: UInt32.self))
    }
    guard Self.elementTypes.indices.contains(numbers[3]) else {
      throw StoreError(.corrupt, "an element type of the number \(numbers[3])")
    }
    return try ImageFormat(
      validating: numbers[0], width: numbers[1], channels: numbers[2],
      elementType: Self.elementTypes[numbers[3]])
  }

  /// The record of some images.
  static func npyBytes(_ formats: ArraySlice<ImageFormat>) -> [UInt8] {
    var bytes = NPYHeader(
      NPYType(.unsignedInteger, byteCount: 4), shape: [formats.count, 4]
    ).bytes
    for format in formats {
      let type = elementTypes.firstIndex(of: format.elementType) ?? 0
      for number in [format.height, format.width, format.channels, type] {
        unsafe withUnsafeBytes(of: UInt32(truncatingIfNeeded: number)) { unsafe bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }
}

/// The checksum of a record, which is a record of its own: an array of one 32-bit number.
enum ChecksumRecord {
  static func npyBytes(_ checksums: ArraySlice<UInt32>) -> [UInt8] {
    var bytes = NPYHeader(NPYType(.unsignedInteger, byteCount: 4), shape: [checksums.count]).bytes
    for checksum in checksums {
      unsafe withUnsafeBytes(of: checksum) { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// The one checksum of a record.
  static func value(
    at location: ValueLocation, in file: DatabaseFile
  ) throws(StoreError) -> UInt32 {
    try unsafe location.withBytes(of: file) { (bytes) throws(StoreError) in
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
      guard header.type == NPYType(.unsignedInteger, byteCount: 4), header.shape == [1] else {
        throw StoreError(.corrupt, "a checksum that is not a 32-bit number")
      }
      return try unsafe UInt32(truncatingIfNeeded: header.integers(in: header.data(in: bytes))[0])
    }
  }
}
