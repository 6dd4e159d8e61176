internal import ImageStoreCore

/// The samples of an image of any type as numbers.
///
/// Invariant behind `@safe`: made for the length of one call, while the image's bytes are lent; every
/// index is checked.
@safe struct SampleReader {
  private let bytes: UnsafeRawBufferPointer
  private let type: ElementType

  @unsafe init(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) {
    unsafe self.bytes = bytes
    self.type = type
  }

  var count: Int { unsafe bytes.count / type.byteCount }

  subscript(index: Int) -> Double {
    precondition(index >= 0 && index < count)
    let offset = index * type.byteCount
    switch type {
    case .bool: return unsafe bytes[offset] == 0 ? 0 : 1
    case .uint8: return unsafe Double(bytes[offset])
    case .uint16: return Double(load(UInt16.self, offset))
    case .uint32: return Double(load(UInt32.self, offset))
    case .uint64: return Double(load(UInt64.self, offset))
    case .int8: return Double(load(Int8.self, offset))
    case .int16: return Double(load(Int16.self, offset))
    case .int32: return Double(load(Int32.self, offset))
    case .int64: return Double(load(Int64.self, offset))
    case .float16: return Self.half(load(UInt16.self, offset))
    case .float32: return Double(Float(bitPattern: load(UInt32.self, offset)))
    case .float64: return Double(bitPattern: load(UInt64.self, offset))
    }
  }

  @inline(__always)
  private func load<Value: FixedWidthInteger>(_ type: Value.Type, _ offset: Int) -> Value {
    unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }

  /// IEEE 754 binary16; the standard library's Float16 is missing on Intel Macs.
  private static func half(_ bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023) / 1024
    let magnitude: Double =
      switch exponent {
      case 0: fraction * 0x1p-14
      case 31: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
      }
    return bits >> 15 == 1 ? -magnitude : magnitude
  }
}
