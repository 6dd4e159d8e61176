package import ImageStoreCore
internal import ImageStorePlatform

extension Column {
  /// The values as a complete `.npy` file: `<i8` (labels too), `<f8` or, for text, `<U` as wide as the longest.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for text with a NUL character, since numpy pads with NULs
  ///   and would not give it back; ``StoreError/Code/limitExceeded`` if one long text would make the
  ///   array, all of whose elements are as long, larger than 64 GiB.
  package func npyBytes() throws(StoreError) -> [UInt8] {
    switch self {
    case .int64(let values):
      return unsafe values.withUnsafeBytes { unsafe Self.npyBytes(.signedInteger, values.count, $0) }
    case .double(let values):
      return unsafe values.withUnsafeBytes { unsafe Self.npyBytes(.floatingPoint, values.count, $0) }
    case .string(let values):
      return try Self.npyBytes(of: values)
    }
  }

  private static func npyBytes(
    _ kind: NPYType.Kind, _ count: Int, _ data: UnsafeRawBufferPointer
  ) -> [UInt8] {
    var bytes = NPYHeader(NPYType(kind, byteCount: 8), shape: [count]).bytes
    unsafe bytes.append(contentsOf: data)
    return bytes
  }

  private static func npyBytes(of values: [String]) throws(StoreError) -> [UInt8] {
    var length = 1
    for (index, value) in values.enumerated() {
      guard !value.utf8.contains(0) else {
        throw StoreError(
          .unsupported, "text with a NUL character, which numpy drops", remedy: "remove it",
          image: index)
      }
      length = max(length, value.unicodeScalars.count)
    }
    let (byteCount, overflow) = values.count.multipliedReportingOverflow(by: 4 * length)
    guard length <= NPYType.maximumCharacterCount, !overflow, byteCount <= 1 << 36 else {
      throw StoreError(
        .limitExceeded, "\(values.count) texts, the longest of \(length) characters",
        remedy: "numpy makes all as long as the longest; shorten it")
    }
    let header = NPYHeader(NPYType(.unicode, byteCount: 4 * length), shape: [values.count])
    var bytes = header.bytes
    let start = bytes.count
    bytes += repeatElement(0, count: byteCount)
    unsafe bytes.withUnsafeMutableBytes { memory in
      for (index, value) in values.enumerated() {
        var offset = start + index * 4 * length
        for scalar in value.unicodeScalars {
          unsafe memory.storeBytes(of: scalar.value, toByteOffset: offset, as: UInt32.self)
          offset += 4
        }
      }
    }
    return bytes
  }
}

extension NPYHeader {
  /// Reads one value per image: whole numbers, `f4` and `f8`, or text.
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
      throw StoreError(.corrupt, "\(data.count) bytes of values, and the header says \(dataByteCount)")
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
    case (.bytes, _): return .string(try text(count) { unsafe utf8(at: $0, in: data) })
    default:
      throw StoreError(
        .unsupported, "an array of '\(type.description)' as a column",
        remedy: "save it as integers, float64 or text")
    }
  }

  private func text(
    _ count: Int, _ element: (Int) -> String?
  ) throws(StoreError) -> [String] {
    var values: [String] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      guard let value = element(index) else {
        throw StoreError(.corrupt, "text with a character that is none", image: index)
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

  /// An element of text without the NULs after it, which may be very many: all elements are as long as the longest.
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
