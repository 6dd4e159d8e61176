// Arrays and buffers for Apple's frameworks over the batch's own memory, which they keep from being
// reused.
#if canImport(CoreML)
public import CoreML
internal import ImageStoreCore

extension LoadedBatch {
  /// The samples as a Core ML array over the batch's own memory.
  ///
  /// The array keeps the memory for as long as it lives. Its shape is ``shape``.
  ///
  /// - Throws: ``ImageStoreCore/StoreError/Code/unsupported`` for samples that are not Float16,
  ///   Float32, Float64 or Int32, and for images that differ in size.
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
    guard let shape else { throw StoreError(.unsupported, "images of different sizes do not form an array") }
    var strides = [Int](repeating: 1, count: shape.count)
    for dimension in (0..<shape.count - 1).reversed() {
      strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
    }
    let keeper = lease
    let address = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
    // The array only reads, and its deallocator keeps the memory from being reused.
    return try unsafe MLMultiArray(
      dataPointer: address, shape: shape.map { NSNumber(value: $0) }, dataType: type,
      strides: strides.map { NSNumber(value: $0) }, deallocator: { _ in withExtendedLifetime(keeper) {} })
  }
}
#endif

#if canImport(Metal)
public import Metal

extension LoadedBatch {
  /// The samples as a buffer that a GPU with shared memory reads where they are.
  ///
  /// The buffer keeps the batch's memory for as long as it lives. Its length is a multiple of the
  /// size of a page; the samples are its first bytes, as many as ``pixels`` has.
  ///
  /// - Returns: nil if the device cannot take the memory over, or the batch is empty.
  public func metalBuffer(on device: any MTLDevice) -> (any MTLBuffer)? {
    let keeper = lease
    guard capacity > 0 else { return nil }
    let address = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
    return unsafe device.makeBuffer(
      bytesNoCopy: address, length: capacity, options: .storageModeShared,
      deallocator: { _, _ in withExtendedLifetime(keeper) {} })
  }
}
#endif
