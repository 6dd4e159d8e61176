package import ImageStoreCore

extension PickleBytes {
  /// Lends the bytes.
  ///
  /// - Parameter source: the bytes that the pickle was read from.
  package func withBytes<Result>(
    in source: RawSpan, _ body: (RawSpan) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    switch self {
    case .source(let range): try body(source.extracting(range))
    case .owned(let bytes): try unsafe body(bytes.span.bytes)
    }
  }

  /// The bytes as text, broken UTF-8 repaired.
  package func text(in source: RawSpan) -> String {
    switch self {
    case .source(let range):
      unsafe source.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    case .owned(let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Whether the bytes are those of `text`.
  package func equals(_ text: StaticString, in source: RawSpan) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    return switch self {
    case .source(let range):
      unsafe source.extracting(range).withUnsafeBytes {
        unsafe $0.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
      }
    case .owned(let bytes):
      unsafe bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
    }
  }
}

extension PickleValue {
  /// The value of a dictionary's key or an object's attribute, whether Python 2 or 3 wrote the name.
  ///
  /// - Parameter source: the bytes that the pickle was read from.
  package func value(of name: StaticString, in source: RawSpan) -> PickleValue? {
    switch self {
    case .dictionary(let entries), .object(_, let entries):
      // Of a key set twice Python keeps the last.
      entries.last { $0.key.text?.equals(name, in: source) ?? false }?.value
    default: nil
    }
  }

  /// The bytes of a string of either Python.
  package var text: PickleBytes? {
    switch self {
    case .bytes(let bytes), .string(let bytes): bytes
    default: nil
    }
  }

  /// The values of a list or tuple.
  package var elements: [PickleValue]? {
    switch self {
    case .list(let values), .tuple(let values): values
    default: nil
    }
  }

  /// Whole numbers, from a list, a tuple or an array of one axis of a whole type; nil for anything else.
  ///
  /// - Parameter source: the bytes that the pickle was read from.
  package func integers(in source: RawSpan) -> [Int]? {
    switch self {
    case .list(let values), .tuple(let values):
      var integers: [Int] = []
      integers.reserveCapacity(values.count)
      for value in values {
        switch value {
        case .int(let integer): integers.append(integer)
        case .bool(let bool): integers.append(bool ? 1 : 0)
        default: return nil
        }
      }
      return integers
    case .array(let array) where array.shape.count == 1: return array.integers(in: source)
    default: return nil
    }
  }
}

extension PickleArray {
  /// The samples in the order they are in, or nil if they are not whole numbers.
  package func integers(in source: RawSpan) -> [Int]? {
    guard !elementType.isFloatingPoint else { return nil }
    let size = elementType.byteCount
    func read(_ bytes: RawSpan) -> [Int] {
      (0..<bytes.byteCount / size).map { position in
        unsafe bytes.withUnsafeBytes { raw in
          decodeInteger(elementType, isBigEndian: isBigEndian, size: size) {
            unsafe raw[position * size + $0]
          }
        }
      }
    }
    return switch bytes {
    case .source(let range): read(source.extracting(range))
    case .owned(let bytes): unsafe read(bytes.span.bytes)
    }
  }
}

extension PickleArray {
  /// The position of the one sample that is 1 if all others are 0; nil for anything else.
  package func positionOfOne(in source: RawSpan) -> Int? {
    let size = elementType.byteCount
    let one =
      switch elementType {
      case .float16: 0x3C00
      case .float32: 0x3F80_0000
      case .float64: 0x3FF0_0000_0000_0000
      default: 1
      }
    func find(_ bytes: RawSpan) -> Int? {
      unsafe bytes.withUnsafeBytes { raw in
        var found: Int?
        for position in 0..<raw.count / size {
          let bits = decodeInteger(.uint16, isBigEndian: isBigEndian, size: size) {
            unsafe raw[position * size + $0]
          }
          if bits == 0 { continue }
          guard bits == one, found == nil else { return nil }
          found = position
        }
        return found
      }
    }
    return switch bytes {
    case .source(let range): find(source.extracting(range))
    case .owned(let bytes): unsafe find(bytes.span.bytes)
    }
  }
}

/// A whole number of `size` bytes.
///
/// - Parameter byte: the byte at a position in `0..<size`.
func decodeInteger(
  _ type: ElementType, isBigEndian: Bool, size: Int, byte: (Int) -> UInt8
) -> Int {
  var bits: UInt64 = 0
  for position in 0..<size {
    bits = bits << 8 | UInt64(byte(isBigEndian ? position : size - 1 - position))
  }
  return switch type {
  case .int8: Int(Int8(truncatingIfNeeded: bits))
  case .int16: Int(Int16(truncatingIfNeeded: bits))
  case .int32: Int(Int32(truncatingIfNeeded: bits))
  default: Int(truncatingIfNeeded: bits)
  }
}
