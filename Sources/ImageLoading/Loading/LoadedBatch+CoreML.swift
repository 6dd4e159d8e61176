#if canImport(CoreML)
public import CoreML
internal import ImageStoreCore

extension LoadedBatch {
  /// The samples as a Core ML array over the batch's own memory, which it keeps.
  ///
  /// - Throws: ``ImageStoreCore/StoreError/Code/unsupported`` for samples that are neither Float16,
  ///   Float32, Float64 nor Int32, and for images that differ in size.
  public func multiArray() throws -> MLMultiArray {
    let type: MLMultiArrayDataType
    switch layout.uniformFormat?.elementType {
    case .float16: type = .float16
    case .float32: type = .float32
    case .float64: type = .double
    case .int32: type = .int32
    default:
      throw StoreError(
        .unsupported, "Core ML has no array of such samples", remedy: "make the batch with as: .float32()")
    }
    guard let shape else { throw StoreError(.unsupported, "images of different sizes are no array") }
    var strides = [Int](repeating: 1, count: shape.count)
    for place in (0..<shape.count - 1).reversed() { strides[place] = strides[place + 1] * shape[place + 1] }
    let keeper = lease
    let address = unsafe pixels.withUnsafeBytes { unsafe UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
    // The array reads from memory that the deallocator keeps from being used again.
    return try unsafe MLMultiArray(
      dataPointer: address, shape: shape.map { NSNumber(value: $0) }, dataType: type,
      strides: strides.map { NSNumber(value: $0) }, deallocator: { _ in withExtendedLifetime(keeper) {} })
  }
}
#endif
