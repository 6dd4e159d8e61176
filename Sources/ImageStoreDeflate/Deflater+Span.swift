extension Deflater {
  /// What the last call of ``deflate(_:)-(RawSpan)`` made.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The buffer lives as long as self and is not written to while self is borrowed.
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer.memory[..<buffer.byteCount])
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
