package import ImageStoreCore

/// The contents of a pickle, as data. Bytes and texts are not copied: they say where they are in
/// the source.
package enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  /// A `bytes`, a `bytearray`, or a string of Python 2.
  case bytes(PickleBytes)
  /// A `str`: UTF-8, not validated.
  case string(PickleBytes)
  case list([PickleValue])
  case tuple([PickleValue])
  case dictionary([Entry])
  // Apart, so that the many values that are not arrays are small.
  indirect case array(PickleArray)
  /// An instance of a class on the allow-list, of which only the attributes are known.
  case object(className: String, attributes: [Entry])

  /// A key and its value.
  package struct Entry: Sendable {
    package let key: PickleValue
    package let value: PickleValue
  }
}

/// Bytes of a pickle.
package enum PickleBytes: Sendable {
  /// These bytes of the source.
  case source(Range<Int>)
  /// Bytes that are encoded in the source.
  case owned([UInt8])

  package var count: Int {
    switch self {
    case .source(let range): range.count
    case .owned(let bytes): bytes.count
    }
  }
}

/// A numpy array whose size has been checked: `bytes` holds exactly the samples of `shape`.
package struct PickleArray: Sendable {
  package let elementType: ElementType
  /// Whether samples of more than a byte have the most significant byte first.
  package let isBigEndian: Bool
  package let shape: [Int]
  /// Whether the first axis varies fastest, rather than the last.
  package let isFortranOrder: Bool
  package let bytes: PickleBytes
}
