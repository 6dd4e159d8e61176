internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// The kinds of single images: an array of four 32-bit integers per image, those of ``StoredKind``.
@safe struct ShapeRecord {
  let count: Int
  private let data: UnsafeRawBufferPointer

  init(_ header: NPYHeader, _ data: UnsafeRawBufferPointer) throws(StoreError) {
    guard header.type == NPYType(.unsignedInteger, byteCount: 4), !header.isFortranOrder,
      header.shape.count == 2, header.shape[1] == 4
    else { throw StoreError(.corrupt, "the shapes are not an array of four 32-bit integers per image") }
    count = header.shape[0]
    unsafe self.data = data
  }

  /// The kind of the image at a position within the segment.
  func kind(_ position: Int) throws(StoreError) -> StoredKind {
    let numbers = (0..<4).map {
      unsafe Int(data.loadUnaligned(fromByteOffset: position * 16 + $0 * 4, as: UInt32.self))
    }
    return try StoredKind(
      height: numbers[0], width: numbers[1], channels: numbers[2], kind: UInt32(numbers[3]))
  }

  /// The record of some images.
  static func npyBytes(_ kinds: ArraySlice<StoredKind>) -> [UInt8] {
    var bytes = NPYHeader(
      NPYType(.unsignedInteger, byteCount: 4), shape: [kinds.count, 4]
    ).bytes
    for kind in kinds {
      for number in kind.numbers {
        unsafe withUnsafeBytes(of: number) { unsafe bytes.append(contentsOf: $0) }
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
        throw StoreError(.corrupt, "a checksum is not a 32-bit number")
      }
      return try unsafe UInt32(truncatingIfNeeded: header.integers(in: header.data(in: bytes))[0])
    }
  }
}
