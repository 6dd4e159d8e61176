/// A type that the samples of images can be read and written as.
///
/// `UInt8` is also the type for samples of `bool` images, which are 0 or 1.
public protocol ImageSample: BitwiseCopyable, Sendable {
  /// The element type of images with such samples.
  static var elementType: ElementType { get }
}

extension UInt8: ImageSample {
  /// `uint8`.
  public static var elementType: ElementType { .uint8 }
}
extension UInt16: ImageSample {
  /// `uint16`.
  public static var elementType: ElementType { .uint16 }
}
extension UInt32: ImageSample {
  /// `uint32`.
  public static var elementType: ElementType { .uint32 }
}
extension UInt64: ImageSample {
  /// `uint64`.
  public static var elementType: ElementType { .uint64 }
}
extension Int8: ImageSample {
  /// `int8`.
  public static var elementType: ElementType { .int8 }
}
extension Int16: ImageSample {
  /// `int16`.
  public static var elementType: ElementType { .int16 }
}
extension Int32: ImageSample {
  /// `int32`.
  public static var elementType: ElementType { .int32 }
}
extension Int64: ImageSample {
  /// `int64`.
  public static var elementType: ElementType { .int64 }
}
extension Float: ImageSample {
  /// `float32`.
  public static var elementType: ElementType { .float32 }
}
extension Double: ImageSample {
  /// `float64`.
  public static var elementType: ElementType { .float64 }
}
// Macs with Intel processors have no such type.
#if !(os(macOS) && arch(x86_64))
extension Float16: ImageSample {
  /// `float16`.
  public static var elementType: ElementType { .float16 }
}
#endif

extension ImageSample {
  /// Whether values of this type are the samples of images of an element type.
  package static func isSample(of elementType: ElementType) -> Bool {
    elementType == Self.elementType || (Self.self == UInt8.self && elementType == .bool)
  }
}

extension ElementType {
  /// The name of the Swift type for samples of this element type.
  fileprivate var sampleTypeName: String {
    switch self {
    case .bool, .uint8: "UInt8"
    case .uint16: "UInt16"
    case .uint32: "UInt32"
    case .uint64: "UInt64"
    case .int8: "Int8"
    case .int16: "Int16"
    case .int32: "Int32"
    case .int64: "Int64"
    case .float16: "Float16"
    case .float32: "Float"
    case .float64: "Double"
    }
  }
}

extension RawSpan {
  /// The samples that images consist of.
  ///
  /// - Parameters:
  ///   - type: the type of a sample.
  ///   - layout: how the images are laid out in these bytes.
  /// - Throws: ``StoreError/Code/invalidArgument`` if an image has samples of another type, or the
  ///   bytes do not begin at a multiple of their size.
  @_lifetime(copy self)
  package func samples<Sample: ImageSample>(
    as type: Sample.Type, of layout: BatchLayout
  ) throws(StoreError) -> Span<Sample> {
    let size = MemoryLayout<Sample>.stride
    for position in 0..<(layout.uniformFormat == nil ? layout.count : min(1, layout.count)) {
      let elementType = layout[position].elementType
      // A type from outside the package may state any element type: its size has to be right at least.
      guard type.isSample(of: elementType), size == elementType.byteCount else {
        throw StoreError(
          .invalidArgument, "the samples are \(elementType.name), not \(Sample.elementType.name)",
          remedy: "ask for samples(as: \(elementType.sampleTypeName).self), or convert the images")
      }
    }
    let address = unsafe withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    guard byteCount % size == 0, address % UInt(MemoryLayout<Sample>.alignment) == 0 else {
      throw StoreError(.invalidArgument, "the bytes are not whole samples of \(size) bytes, aligned as such")
    }
    // The bytes are whole samples, aligned, and any bits are a value of such a type.
    return unsafe _unsafeView(as: type)
  }
}
