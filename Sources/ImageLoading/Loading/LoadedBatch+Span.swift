internal import ImageStoreCore

extension LoadedBatch {
  /// The bytes of all images, one after another in the order of ``indices``.
  public var pixels: RawSpan {
    @_lifetime(borrow self)
    get {
      // The batch keeps its storage alive, which nobody writes to while a batch holds it.
      let bytes = unsafe isMasks ? storage.masks!.memory.bytes : storage.images.memory.bytes
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }

  /// The samples of a batch made with ``TensorFormat/float32(mean:scale:layout:)``.
  ///
  /// - Precondition: the samples are of type `float32`.
  public var floats: Span<Float> {
    @_lifetime(borrow self)
    get {
      let bytes = unsafe isMasks ? storage.masks!.memory.bytes : storage.images.memory.bytes
      precondition(count == 0 || layout[0].elementType == .float32, "the samples are not Float32")
      let floats = unsafe bytes.assumingMemoryBound(to: Float.self)
      return unsafe _overrideLifetime(Span(_unsafeElements: floats), borrowing: self)
    }
  }
}
