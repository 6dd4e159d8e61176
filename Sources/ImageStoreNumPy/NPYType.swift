package import ImageStoreCore

/// The type of an array's elements, as the `descr` of a `.npy` header spells it.
///
/// Source: numpy, `numpy/lib/_format_impl.py` and the array interface's type strings.
package struct NPYType: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case bool, signedInteger, unsignedInteger, floatingPoint
    /// Text, with four bytes per character.
    case unicode
    /// Text, with one byte per character.
    case bytes
    /// Bytes without a meaning that numpy knows.
    case opaque
  }

  package let kind: Kind
  /// The bytes of one element.
  package let byteCount: Int
  /// Whether the parts of an element are in the other byte order than the machine's.
  package let isSwapped: Bool

  package init(_ kind: Kind, byteCount: Int, isSwapped: Bool = false) {
    self.kind = kind
    self.byteCount = byteCount
    self.isSwapped = isSwapped
  }

  /// The type of pixels, in the byte order of the machine.
  package init(_ elementType: ElementType) {
    let kind: Kind =
      switch elementType {
      case .bool: .bool
      case .uint8, .uint16, .uint32, .uint64: .unsignedInteger
      case .int8, .int16, .int32, .int64: .signedInteger
      case .float16, .float32, .float64: .floatingPoint
      }
    self.init(kind, byteCount: elementType.byteCount)
  }

  /// The type of pixels this is, or nil for text.
  package var elementType: ElementType? {
    switch (kind, byteCount) {
    case (.bool, 1): .bool
    case (.unsignedInteger, 1): .uint8
    case (.unsignedInteger, 2): .uint16
    case (.unsignedInteger, 4): .uint32
    case (.unsignedInteger, 8): .uint64
    case (.signedInteger, 1): .int8
    case (.signedInteger, 2): .int16
    case (.signedInteger, 4): .int32
    case (.signedInteger, 8): .int64
    case (.floatingPoint, 2): .float16
    case (.floatingPoint, 4): .float32
    case (.floatingPoint, 8): .float64
    default: nil
    }
  }

  /// Whether elements are whole numbers, truth values among them.
  package var isInteger: Bool {
    switch kind {
    case .bool, .signedInteger, .unsignedInteger: true
    case .floatingPoint, .unicode, .bytes, .opaque: false
    }
  }

  /// Whether elements are numbers.
  package var isNumber: Bool { isInteger || kind == .floatingPoint }

  /// How a header spells the type: numpy's `dtype.str`.
  package var description: String {
    let letter =
      switch kind {
      case .bool: "b"
      case .signedInteger: "i"
      case .unsignedInteger: "u"
      case .floatingPoint: "f"
      case .unicode: "U"
      case .bytes: "S"
      case .opaque: "V"
      }
    let hasByteOrder = kind == .unicode || (kind != .bytes && kind != .opaque && byteCount > 1)
    let order = hasByteOrder ? (isSwapped == Self.isLittleEndianMachine ? ">" : "<") : "|"
    return order + letter + String(kind == .unicode ? byteCount / 4 : byteCount)
  }

  static var isLittleEndianMachine: Bool { UInt16(littleEndian: 1) == 1 }
}

extension NPYType {
  /// The longest text elements that are read, in characters.
  static let maximumCharacterCount = 1 << 24

  /// Reads a type string such as `<u2`: the byte order (`<`, `>`, `=`, `|` or none), a letter, a size.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for objects and every type that images, labels and
  ///   columns do not have; ``StoreError/Code/corrupt`` for text that is not a type string.
  package init(descr: String) throws(StoreError) {
    var rest = descr.utf8[...]
    var isSwapped = false
    switch rest.first {
    case UInt8(ascii: "<"):
      isSwapped = !Self.isLittleEndianMachine
      rest.removeFirst()
    case UInt8(ascii: ">"):
      isSwapped = Self.isLittleEndianMachine
      rest.removeFirst()
    case UInt8(ascii: "="), UInt8(ascii: "|"):
      rest.removeFirst()
    default: break
    }
    guard let letter = rest.popFirst() else {
      throw StoreError(.corrupt, "the .npy header has an empty element type")
    }
    if letter == UInt8(ascii: "O") {
      throw StoreError(
        .unsupported, "the array holds Python objects, which are a pickle and could run code",
        remedy: "save it again with a numeric type")
    }
    let unsupported = StoreError(
      .unsupported, "the element type '\(descr)' is not read",
      remedy: "save the array as bool, an integer, a float or text")
    if letter == UInt8(ascii: "?") && rest.isEmpty {
      self.init(.bool, byteCount: 1)
      return
    }
    guard rest.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      let size = Int(String(Substring(rest))), size > 0, size <= Self.maximumCharacterCount
    else { throw unsupported }
    switch (letter, size) {
    case (UInt8(ascii: "b"), 1): self.init(.bool, byteCount: 1)
    case (UInt8(ascii: "i"), 1): self.init(.signedInteger, byteCount: 1)
    case (UInt8(ascii: "u"), 1): self.init(.unsignedInteger, byteCount: 1)
    case (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4), (UInt8(ascii: "i"), 8):
      self.init(.signedInteger, byteCount: size, isSwapped: isSwapped)
    case (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4), (UInt8(ascii: "u"), 8):
      self.init(.unsignedInteger, byteCount: size, isSwapped: isSwapped)
    case (UInt8(ascii: "f"), 2), (UInt8(ascii: "f"), 4), (UInt8(ascii: "f"), 8):
      self.init(.floatingPoint, byteCount: size, isSwapped: isSwapped)
    case (UInt8(ascii: "U"), _): self.init(.unicode, byteCount: 4 * size, isSwapped: isSwapped)
    case (UInt8(ascii: "S"), _), (UInt8(ascii: "a"), _): self.init(.bytes, byteCount: size)
    case (UInt8(ascii: "V"), _): self.init(.opaque, byteCount: size)
    default: throw unsupported
    }
  }
}
