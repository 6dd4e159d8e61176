package import ImageStoreCore
internal import ImageStorePlatform

extension NPYHeader {
  /// Reads one value per image: whole numbers, `f4` and `f8`, text, or elements of bytes (`V`).
  /// Elements of text (`S`) that are not all UTF-8 are bytes.
  ///
  /// - Parameter data: the array's data, ``dataByteCount`` bytes.
  /// - Throws: ``StoreError/Code/unsupported`` for other types and shapes; ``StoreError/Code/corrupt``
  ///   for too few bytes and for text that is none.
  package func column(in data: UnsafeRawBufferPointer) throws(StoreError) -> Column {
    if type.isInteger {
      return try unsafe .int64(integers(in: data).map(Int64.init))
    }
    let count = try valueCount()
    guard data.count >= dataByteCount else {
      throw StoreError(
        .corrupt, "the array has \(data.count) bytes of values, but its header says \(dataByteCount)")
    }
    switch (type.kind, type.byteCount) {
    case (.floatingPoint, 4):
      return .double(
        (0..<count).map {
          let bits = unsafe data.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)
          return Double(Float(bitPattern: type.isSwapped ? bits.byteSwapped : bits))
        })
    case (.floatingPoint, 8):
      return .double(
        (0..<count).map {
          let bits = unsafe data.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)
          return Double(bitPattern: type.isSwapped ? bits.byteSwapped : bits)
        })
    case (.unicode, _): return .string(try text(count) { unsafe unicode(at: $0, in: data) })
    case (.bytes, _):
      var texts: [String] = []
      texts.reserveCapacity(count)
      for index in 0..<count {
        guard let text = unsafe utf8(at: index, in: data) else {
          var bytes = Column.Bytes()
          for index in 0..<count { unsafe bytes.append(trimmed(index, in: data)) }
          return .bytes(bytes)
        }
        texts.append(text)
      }
      return .string(texts)
    case (.opaque, let size):
      return try .stored(
        unsafe [UInt8](data.prefix(dataByteCount)), offsets: (0...count).map { $0 * size })
    default:
      throw StoreError(
        .unsupported, "an array of the type '\(type.description)' cannot be a column",
        remedy: "save it as integers, float64 or text")
    }
  }

  /// Reads a column as this package keeps it: an array of one axis has one value per image, and one
  /// of two a vector.
  ///
  /// - Parameters:
  ///   - count: how many images it is read of; there may be more.
  ///   - data: the array's data, ``dataByteCount`` bytes.
  /// - Throws: as ``column(in:)``.
  package func column(of count: Int, in data: UnsafeRawBufferPointer) throws(StoreError) -> Column {
    guard shape.first ?? 0 >= count else {
      throw StoreError(.corrupt, "\(shape.first ?? 0) values for \(count) images")
    }
    guard let width = vectorWidth else { return try unsafe counting(count).column(in: data) }
    try checkVectors(width)
    return try unsafe counting(count * width).column(in: data).vectors(width: width)
  }

  /// The length of the vectors of an array with two axes; nil for other arrays.
  package var vectorWidth: Int? { shape.count == 2 ? shape[1] : nil }

  /// Checks that an array has vectors of such a width, one after another.
  package func checkVectors(_ width: Int) throws(StoreError) {
    guard Column.widths.contains(width), !isFortranOrder || shape.contains(where: { $0 <= 1 }) else {
      throw StoreError(
        .unsupported,
        "an array of the shape \(shapeDescription)\(isFortranOrder ? " in Fortran order" : "") cannot be a column",
        remedy: "save it in C order, with at most \(Column.widths.upperBound) values per image")
    }
  }

  private func text(
    _ count: Int, _ element: (Int) -> String?
  ) throws(StoreError) -> [String] {
    var values: [String] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      guard let value = element(index) else {
        throw StoreError(.corrupt, "the text has a number that is not a Unicode character", image: index)
      }
      values.append(value)
    }
    return values
  }

  /// An element of UCS-4 text without the NULs after it.
  private func unicode(at index: Int, in data: UnsafeRawBufferPointer) -> String? {
    let element = unsafe trimmed(index, in: data)
    var value = String.UnicodeScalarView()
    for offset in stride(from: 0, to: element.count, by: 4) {
      let code = unsafe element.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      guard let scalar = Unicode.Scalar(type.isSwapped ? code.byteSwapped : code) else { return nil }
      value.append(scalar)
    }
    return String(value)
  }

  /// An element of bytes without the NULs after it, which must be UTF-8.
  private func utf8(at index: Int, in data: UnsafeRawBufferPointer) -> String? {
    unsafe String(validating: trimmed(index, in: data), as: UTF8.self)
  }

  /// An element of text without the NULs after it, which may be very many: all elements are as long
  /// as the longest.
  private func trimmed(_ index: Int, in data: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let element = unsafe UnsafeRawBufferPointer(
      rebasing: data[index * type.byteCount..<(index + 1) * type.byteCount])
    let size = type.kind == .unicode ? 4 : 1
    var end = element.count
    unsafe Self.zeros.withUnsafeBytes { zeros in
      for block in [zeros.count, 64] {
        while end >= block, unsafe memcmp(element.baseAddress! + end - block, zeros.baseAddress!, block) == 0
        {
          end -= block
        }
      }
    }
    while end > 0, unsafe element[end - 1] == 0 { end -= 1 }
    return unsafe UnsafeRawBufferPointer(rebasing: element[..<((end + size - 1) / size * size)])
  }

  private static let zeros = [UInt8](repeating: 0, count: 4096)
}
