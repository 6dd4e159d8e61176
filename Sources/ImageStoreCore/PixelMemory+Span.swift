extension PixelMemory {
  /// The bytes written.
  package var span: RawSpan {
    @_lifetime(borrow self)
    get {
      // The memory lives as long as self, and self is borrowed for as long as the span lives.
      unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}

extension ImageBatch {
  /// The pixels of all images, one after another in the order of ``indices``.
  public var pixels: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let memory else { return RawSpan() }
      // The batch keeps its memory alive and never writes to it while it is borrowed.
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: memory.bytes), borrowing: self)
    }
  }
}
