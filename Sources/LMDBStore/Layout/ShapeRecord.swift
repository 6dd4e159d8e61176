internal import ImageStoreCore
internal import ImageStoreNumPy

/// Height, width, channels and element type of single images: an array of four 32-bit integers an image.
@safe struct ShapeRecord {
  /// The number of an element type is its place in this list.
  static let elementTypes: [ElementType] = [
    .bool, .uint8, .uint16, .int8, .int16, .int32, .int64, .float16, .float32, .float64,
  ]

  let count: Int
  private let data: UnsafeRawBufferPointer

  init(_ header: NPYHeader, _ data: UnsafeRawBufferPointer) throws(StoreError) {
    guard header.type == NPYType(.unsignedInteger, byteCount: 4), !header.isFortranOrder,
      header.shape.count == 2, header.shape[1] == 4
    else { throw StoreError(.corrupt, "shapes that are no array of four 32-bit integers an image") }
    count = header.shape[0]
    unsafe self.data = data
  }

  /// The format of the image at a position within the part.
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
