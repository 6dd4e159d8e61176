#if canImport(Metal)
internal import ImageStoreCore
public import Metal

extension LoadedBatch {
  /// The samples as a buffer that a GPU of shared memory reads where they are; it keeps the batch's
  /// memory. The buffer is as long as whole pages; the samples are its first ``pixels`` bytes.
  ///
  /// - Returns: nil where the device cannot take the memory over, or the batch is empty.
  public func metalBuffer(on device: any MTLDevice) -> (any MTLBuffer)? {
    let keeper = lease
    let capacity = isMasks ? storage.masks!.memory.capacity : storage.images.memory.capacity
    guard capacity > 0 else { return nil }
    let address = unsafe pixels.withUnsafeBytes { unsafe UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
    return unsafe device.makeBuffer(
      bytesNoCopy: address, length: capacity, options: .storageModeShared,
      deallocator: { _, _ in withExtendedLifetime(keeper) {} })
  }
}
#endif
