import ImageStoreDeflate

extension PNGEncoder {
  /// The file that the last ``encode(_:format:)`` made.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The buffer lives as long as self and is not written to while self is borrowed.
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.memory[..<file.byteCount])
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
