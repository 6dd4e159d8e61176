/// A Swift type that samples can be read as; see ``ImageBatch/samples(as:)``.
///
/// | element type | Swift type |
/// |---|---|
/// | `uint8`, `bool` | `UInt8`; a bool is 0 or 1 |
/// | `int8`, `int16`, `int32`, `int64` | `Int8`, `Int16`, `Int32`, `Int64` |
/// | `uint16` | `UInt16` |
/// | `float16`, `float32`, `float64` | `Float16`, `Float`, `Double` |
///
/// `Float16` is not available on Macs with Intel processors. There are no conformances besides these.
public protocol ImageSample: BitwiseCopyable, Sendable {
  /// The element types whose samples are values of this type.
  static var elementTypes: [ElementType] { get }
}

extension UInt8: ImageSample {
  public static var elementTypes: [ElementType] { [.uint8, .bool] }
}

extension Int8: ImageSample {
  public static var elementTypes: [ElementType] { [.int8] }
}

extension UInt16: ImageSample {
  public static var elementTypes: [ElementType] { [.uint16] }
}

extension Int16: ImageSample {
  public static var elementTypes: [ElementType] { [.int16] }
}

extension Int32: ImageSample {
  public static var elementTypes: [ElementType] { [.int32] }
}

extension Int64: ImageSample {
  public static var elementTypes: [ElementType] { [.int64] }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
extension Float16: ImageSample {
  public static var elementTypes: [ElementType] { [.float16] }
}
#endif

extension Float: ImageSample {
  public static var elementTypes: [ElementType] { [.float32] }
}

extension Double: ImageSample {
  public static var elementTypes: [ElementType] { [.float64] }
}

extension RawSpan {
  /// The samples of images that lie in these bytes.
  ///
  /// - Parameter layout: how the images lie; the bytes are aligned for their samples.
  /// - Throws: ``StoreError/Code/invalidArgument`` if an image has samples of another type.
  @_lifetime(copy self)
  package func samples<Sample: ImageSample>(
    as type: Sample.Type, of layout: BatchLayout
  ) throws(StoreError) -> Span<Sample> {
    for position in 0..<(layout.uniformFormat == nil ? layout.count : min(1, layout.count)) {
      let elementType = layout[position].elementType
      // A type from outside the package may state any element type: its size has to be right at least.
      guard Sample.elementTypes.contains(elementType), elementType.byteCount == MemoryLayout<Sample>.stride
      else {
        throw StoreError(
          .invalidArgument, "the samples are \(elementType.name), which are not read as \(Sample.self)",
          remedy: "ask for the type of the samples, or load batches of another type")
      }
    }
    let bytes = unsafe withUnsafeBytes { unsafe $0 }
    return unsafe _overrideLifetime(Span(_unsafeBytes: bytes), copying: self)
  }
}

extension ImageBatch {
  /// The samples of all images, one image after another in the order of ``indices``: rows of pixels, each pixel
  /// its channels.
  ///
  ///     let bytes = try batch.samples(as: UInt8.self)
  ///
  /// - Parameter type: the type of the samples; a bool is read as a `UInt8`, 0 or 1.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the samples of an image are of another type.
  @_lifetime(borrow self)
  public func samples<Sample: ImageSample>(
    as type: Sample.Type
  ) throws(StoreError) -> Span<Sample> {
    try pixels.samples(as: type, of: layout)
  }
}
