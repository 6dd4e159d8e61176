package import ImageStoreCore

/// The header of a `.npy` file or entry: the type, order and shape of the array after it.
///
/// Source: numpy, `numpy/lib/_format_impl.py` (format versions 1.0, 2.0 and 3.0).
package struct NPYHeader: Sendable, Hashable {
  package let type: NPYType
  /// Whether the first index varies fastest.
  package let isFortranOrder: Bool
  package let shape: [Int]
  /// Where the array's data begins, counted from the header's first byte.
  package let dataOffset: Int
  /// How many elements there are; 1 for the shape `()`.
  package let elementCount: Int

  /// The bytes of the array's data.
  package var dataByteCount: Int { elementCount * type.byteCount }

  /// - Throws: ``StoreError/Code/limitExceeded`` if the array would take more than 2^62 bytes.
  init(
    type: NPYType, isFortranOrder: Bool, shape: [Int], dataOffset: Int
  ) throws(StoreError) {
    var elements = 1
    var bytes = type.byteCount
    var overflows = shape.count > Self.maximumRank
    for dimension in shape {
      let (newElements, overflow1) = elements.multipliedReportingOverflow(by: dimension)
      let (newBytes, overflow2) = bytes.multipliedReportingOverflow(by: dimension)
      overflows = overflows || overflow1 || overflow2
      elements = newElements
      bytes = newBytes
    }
    guard !overflows, bytes <= 1 << 62 else {
      throw StoreError(
        .limitExceeded,
        "an array of the shape \(shape.prefix(Self.maximumRank)) and the type '\(type.description)' is too large"
      )
    }
    self.type = type
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    self.dataOffset = dataOffset
    self.elementCount = elements
  }

  /// An array of one value per image with fewer of them.
  init(_ header: NPYHeader, valueCount: Int) {
    type = header.type
    isFortranOrder = false
    shape = [valueCount]
    dataOffset = header.dataOffset
    elementCount = valueCount
  }

  /// The first bytes of every `.npy` file.
  package static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// The longest header text that is read; numpy's own limit.
  package static let maximumTextByteCount = 10_000
  /// numpy's own limit.
  static let maximumRank = 64

  /// The array's data within the bytes of a whole file.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the bytes end before the data does. Bytes after the
  ///   data are ignored, as numpy does.
  package func data(in file: UnsafeRawBufferPointer) throws(StoreError) -> UnsafeRawBufferPointer {
    guard file.count >= dataOffset, file.count - dataOffset >= dataByteCount else {
      throw StoreError(
        .corrupt,
        "the file has \(max(0, file.count - dataOffset)) bytes of array data, but its header says \(dataByteCount)"
      )
    }
    return unsafe UnsafeRawBufferPointer(rebasing: file[dataOffset..<dataOffset + dataByteCount])
  }
}
