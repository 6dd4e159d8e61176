package import ImageStoreCore

extension NPYHeader {
  /// How many values an array of one value per image has.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if the shape is neither (count,) nor (count, 1).
  package func valueCount() throws(StoreError) -> Int {
    guard shape.count == 1 || (shape.count == 2 && shape[1] == 1) else {
      throw StoreError(
        .unsupported, "an array of the shape \(shapeDescription) is not one value per image",
        remedy: "its shape must be (count,) or (count, 1)")
    }
    return shape[0]
  }

  /// The header of the first values of an array of one value per image, or of the same number of
  /// values from any part of it.
  package func counting(_ count: Int) -> NPYHeader {
    precondition(count <= elementCount, "a part of the array")
    return NPYHeader(self, valueCount: count)
  }

  /// Reads whole numbers of any integer type, such as labels.
  ///
  /// - Parameter data: the array's data, ``dataByteCount`` bytes.
  /// - Throws: ``StoreError/Code/unsupported`` for other types and shapes, and for a number beyond 63
  ///   bits; ``StoreError/Code/corrupt`` if there are fewer bytes.
  package func integers(in data: UnsafeRawBufferPointer) throws(StoreError) -> [Int] {
    let count = try valueCount()
    guard type.isInteger else {
      throw StoreError(
        .unsupported, "an array of the type '\(type.description)' cannot be labels",
        remedy: "save them as integers")
    }
    guard data.count >= dataByteCount else {
      throw StoreError(
        .corrupt, "the array has \(data.count) bytes of values, but its header says \(dataByteCount)")
    }
    let isSigned = type.kind == .signedInteger
    switch type.byteCount {
    case 1:
      return isSigned
        ? unsafe widen(data, count, as: Int8.self) : unsafe widen(data, count, as: UInt8.self)
    case 2:
      return isSigned
        ? unsafe widen(data, count, as: Int16.self) : unsafe widen(data, count, as: UInt16.self)
    case 4:
      return isSigned
        ? unsafe widen(data, count, as: Int32.self) : unsafe widen(data, count, as: UInt32.self)
    default:
      let values = unsafe widen(data, count, as: Int64.self)
      if !isSigned, let index = values.firstIndex(where: { $0 < 0 }) {
        throw StoreError(
          .unsupported, "the value \(UInt64(bitPattern: Int64(values[index]))) is beyond 63 bits",
          image: index)
      }
      return values
    }
  }

  private func widen<Value: FixedWidthInteger>(
    _ data: UnsafeRawBufferPointer, _ count: Int, as type: Value.Type
  ) -> [Int] {
    let isSwapped = self.type.isSwapped
    return unsafe [Int](unsafeUninitializedCapacity: count) { values, initialized in
      for index in 0..<count {
        let value = unsafe data.loadUnaligned(
          fromByteOffset: index &* MemoryLayout<Value>.size, as: Value.self)
        unsafe values.initializeElement(
          at: index, to: Int(truncatingIfNeeded: isSwapped ? value.byteSwapped : value))
      }
      initialized = count
    }
  }
}
