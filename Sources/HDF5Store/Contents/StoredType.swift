import ImageStoreCore

/// A number as a file holds it.
struct StoredType: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case signed, unsigned, float, bool
  }

  let kind: Kind
  let byteCount: Int
  let isBigEndian: Bool

  /// The element type whose samples these are, if any.
  var elementType: ElementType? {
    switch (kind, byteCount) {
    case (.bool, _): .bool
    case (.unsigned, 1): .uint8
    case (.unsigned, 2): .uint16
    case (.unsigned, 4): .uint32
    case (.unsigned, 8): .uint64
    case (.signed, 1): .int8
    case (.signed, 2): .int16
    case (.signed, 4): .int32
    case (.signed, 8): .int64
    case (.float, 2): .float16
    case (.float, 4): .float32
    case (.float, 8): .float64
    default: nil
    }
  }

  /// numpy's name of it, for messages.
  var name: String {
    switch kind {
    case .bool: "bool"
    case .signed: "int\(byteCount * 8)"
    case .unsigned: "uint\(byteCount * 8)"
    case .float: "float\(byteCount * 8)"
    }
  }

  /// Whether the bytes of a sample are in the other order than the machine's.
  var isSwapped: Bool {
    #if _endian(big)
    byteCount > 1 && !isBigEndian
    #else
    byteCount > 1 && isBigEndian
    #endif
  }

  /// Turns the bytes of every sample around if the file has the other order than the machine.
  func makeNative(_ bytes: UnsafeMutableRawBufferPointer) {
    guard isSwapped else { return }
    switch byteCount {
    case 2: unsafe Self.swap(UInt16.self, in: bytes)
    case 4: unsafe Self.swap(UInt32.self, in: bytes)
    default: unsafe Self.swap(UInt64.self, in: bytes)
    }
  }

  private static func swap<Word: FixedWidthInteger>(
    _ type: Word.Type, in bytes: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Word>.size
    for offset in stride(from: 0, to: bytes.count - size + 1, by: size) {
      let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
      unsafe bytes.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: Word.self)
    }
  }

  /// The integers that some bytes hold, or nil if one is not within 64 bits with a sign, or the type is
  /// not an integer.
  func integers(_ bytes: UnsafeRawBufferPointer) -> [Int64]? {
    switch (kind, byteCount) {
    case (.bool, 1), (.unsigned, 1): unsafe decode(UInt8.self, bytes)
    case (.unsigned, 2): unsafe decode(UInt16.self, bytes)
    case (.unsigned, 4): unsafe decode(UInt32.self, bytes)
    case (.unsigned, 8): unsafe decode(UInt64.self, bytes)
    case (.signed, 1): unsafe decode(Int8.self, bytes)
    case (.signed, 2): unsafe decode(Int16.self, bytes)
    case (.signed, 4): unsafe decode(Int32.self, bytes)
    case (.signed, 8): unsafe decode(Int64.self, bytes)
    default: nil
    }
  }

  private func decode<Value: FixedWidthInteger>(
    _ type: Value.Type, _ bytes: UnsafeRawBufferPointer
  ) -> [Int64]? {
    var values: [Int64] = []
    values.reserveCapacity(bytes.count / byteCount)
    for offset in stride(from: 0, to: bytes.count, by: byteCount) {
      let raw = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
      guard let value = Int64(exactly: isSwapped ? raw.byteSwapped : raw) else { return nil }
      values.append(value)
    }
    return values
  }

  /// The numbers that some bytes hold, or nil if the type is not an IEEE 754 number.
  func doubles(_ bytes: UnsafeRawBufferPointer) -> [Double]? {
    guard kind == .float else { return nil }
    return stride(from: 0, to: bytes.count, by: byteCount).map { offset in
      if byteCount == 2 {
        let raw = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
        return Self.double(half: isSwapped ? raw.byteSwapped : raw)
      }
      if byteCount == 4 {
        let raw = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return Double(Float(bitPattern: isSwapped ? raw.byteSwapped : raw))
      }
      let raw = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      return Double(bitPattern: isSwapped ? raw.byteSwapped : raw)
    }
  }
}

extension StoredType {
  /// The value of an IEEE 754 binary16 number, which not every platform has as a type.
  private static func double(half bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    let magnitude: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }

  /// Checks that samples are 0 or 1 if the type is bool.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func checkSamples(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    guard kind == .bool else { return }
    guard unsafe TruthValues.firstOther(in: bytes) == nil else {
      throw StoreError(.corrupt, "a bool sample is neither 0 nor 1")
    }
  }
}

extension StoredType {
  /// The bytes of integers as a file holds them, or nil if one does not fit.
  func encoded(_ values: [Int64]) -> [UInt8]? {
    switch (kind, byteCount) {
    case (.bool, _): values.allSatisfy { $0 == 0 || $0 == 1 } ? encode(values, UInt8.self) : nil
    case (.unsigned, 1): encode(values, UInt8.self)
    case (.unsigned, 2): encode(values, UInt16.self)
    case (.unsigned, 4): encode(values, UInt32.self)
    case (.unsigned, 8): encode(values, UInt64.self)
    case (.signed, 1): encode(values, Int8.self)
    case (.signed, 2): encode(values, Int16.self)
    case (.signed, 4): encode(values, Int32.self)
    case (.signed, 8): encode(values, Int64.self)
    default: nil
    }
  }

  private func encode<Value: FixedWidthInteger & BitwiseCopyable>(
    _ values: [Int64], _ type: Value.Type
  ) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * MemoryLayout<Value>.size)
    for value in values {
      guard let value = Value(exactly: value) else { return nil }
      bytes.append(contentsOf: isBigEndian ? value.bigEndian : value.littleEndian)
    }
    return bytes
  }

  /// The bytes of floating-point numbers as a file holds them, or nil if one would be rounded.
  func encoded(_ values: [Double]) -> [UInt8]? {
    guard kind == .float, byteCount >= 4 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * byteCount)
    for value in values {
      if byteCount == 8 {
        bytes.append(contentsOf: isBigEndian ? value.bitPattern.bigEndian : value.bitPattern.littleEndian)
      } else {
        let short = Float(value)
        guard Double(short) == value || value.isNaN else { return nil }
        bytes.append(contentsOf: isBigEndian ? short.bitPattern.bigEndian : short.bitPattern.littleEndian)
      }
    }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(contentsOf word: some FixedWidthInteger & BitwiseCopyable) {
    unsafe Swift.withUnsafeBytes(of: word) { unsafe append(contentsOf: $0) }
  }
}
