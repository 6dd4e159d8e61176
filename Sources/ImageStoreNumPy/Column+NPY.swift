package import ImageStoreCore
internal import ImageStorePlatform

extension Column {
  /// The values as a complete `.npy` file: `<i8` (labels too), `<f8` or, for text, `<U` as wide as
  /// the longest. Vectors have a second axis. Bytes are one array of `|u1`, whose offsets are kept
  /// beside it.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for text with a NUL character, since numpy pads with NULs
  ///   and would not give it back; ``StoreError/Code/limitExceeded`` if one long text would make the
  ///   array, all of whose elements are as long, larger than 64 GiB.
  package func npyBytes() throws(StoreError) -> [UInt8] {
    switch self {
    case .int64(let values): Self.npyBytes(.signedInteger, [values.count], values)
    case .double(let values): Self.npyBytes(.floatingPoint, [values.count], values)
    case .string(let values): try Self.npyBytes(of: values)
    case .bytes(let bytes): Self.npyBytes(.unsignedInteger, [bytes.values.count], bytes.values)
    case .int64Vectors(let vectors):
      Self.npyBytes(.signedInteger, [vectors.count, vectors.width], vectors.values)
    case .doubleVectors(let vectors):
      Self.npyBytes(.floatingPoint, [vectors.count, vectors.width], vectors.values)
    }
  }

  /// The offsets of bytes as a complete `.npy` file of `<i8`; nil for a column of anything else.
  package func offsetsNPYBytes() -> [UInt8]? {
    offsets.map { Self.npyBytes(.signedInteger, [$0.count], $0.map(Int64.init)) }
  }

  private static func npyBytes<Value: BitwiseCopyable>(
    _ kind: NPYType.Kind, _ shape: [Int], _ values: [Value]
  ) -> [UInt8] {
    var bytes = NPYHeader(NPYType(kind, byteCount: MemoryLayout<Value>.size), shape: shape).bytes
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  private static func npyBytes(of values: [String]) throws(StoreError) -> [UInt8] {
    var length = 1
    for (index, value) in values.enumerated() {
      guard !value.utf8.contains(0) else {
        throw StoreError(
          .unsupported, "the text has a NUL character, which numpy drops", remedy: "remove it",
          image: index)
      }
      length = max(length, value.unicodeScalars.count)
    }
    let (byteCount, overflow) = values.count.multipliedReportingOverflow(by: 4 * length)
    guard length <= NPYType.maximumCharacterCount, !overflow, byteCount <= 1 << 36 else {
      throw StoreError(
        .limitExceeded, "\(values.count) texts, the longest of \(length) characters, take too much memory",
        remedy: "numpy makes each text as long as the longest; shorten that one")
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
