/// The type of one sample of an image, named as numpy names it.
///
/// Pixels are held in the byte order of the machine; a backend that reads or writes a format with
/// another byte order converts them.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
  /// One byte, 0 or 1.
  case bool
  /// Unsigned integers of 8 bits.
  case uint8
  /// Unsigned integers of 16 bits.
  case uint16
  /// Unsigned integers of 32 bits.
  case uint32
  /// Unsigned integers of 64 bits.
  case uint64
  /// Integers of 8 bits.
  case int8
  /// Integers of 16 bits.
  case int16
  /// Integers of 32 bits.
  case int32
  /// Integers of 64 bits.
  case int64
  /// IEEE 754 binary16.
  case float16
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary64.
  case float64

  /// The size of one sample in bytes.
  @inlinable
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// numpy's name of the type, such as `uint8`.
  public var name: String { rawValue }

  /// Whether samples are IEEE 754 numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float32, .float64: true
    default: false
    }
  }
}
