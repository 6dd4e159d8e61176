import ImageStorePlatform

/// A block of memory for pixels, aligned to 64 bytes (a cache line, and the widest vectors).
///
/// Invariant behind `@unchecked Sendable`: the bytes are written only by the holder of the sole
/// reference, and only read once the block is shared.
@safe package final class PixelMemory: @unchecked Sendable {
  package let capacity: Int
  /// How many bytes have been written, from the start.
  package private(set) var byteCount = 0
  private let base: UnsafeMutableRawPointer
  private static let hugePageByteCount = 1 << 21

  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  package init(capacity: Int) throws(StoreError) {
    var pointer: UnsafeMutableRawPointer?
    let isLarge = capacity >= 2 * Self.hugePageByteCount
    let alignment = isLarge ? Self.hugePageByteCount : 64
    guard capacity >= 0, unsafe posix_memalign(&pointer, alignment, max(capacity, 64)) == 0,
      let pointer = unsafe pointer
    else {
      throw StoreError(
        .limitExceeded, "no memory for \(capacity) bytes of pixels", remedy: "read fewer images per call")
    }
    #if os(Linux)
    // Advice only. Touching new memory a small page at a time takes longer than writing it.
    if isLarge { _ = unsafe madvise(pointer, capacity, Int32(MADV_HUGEPAGE)) }
    #endif
    self.capacity = capacity
    unsafe base = pointer
  }

  deinit { unsafe free(base) }

  /// Replaces the contents by what `body` appends.
  ///
  /// The caller must hold the only reference.
  package func fill(
    _ body: (inout OutputRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    byteCount = 0
    try append(body)
  }

  /// Adds what `body` appends to the contents.
  ///
  /// The caller must hold the only reference.
  package func append(
    _ body: (inout OutputRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let memory = unsafe UnsafeMutableRawBufferPointer(start: base, count: capacity)
    var output = unsafe OutputRawSpan(buffer: memory, initializedCount: byteCount)
    try body(&output)
    byteCount = unsafe output.finalize(for: memory)
  }

  /// Replaces the contents with what is written from the start of the address returned: for code
  /// that fills memory from outside, such as a transport. ``assumeFilled(_:)`` says how much it
  /// was.
  ///
  /// The caller must hold the only reference, apart from code that waits for the bytes.
  package func beginFilling() -> UnsafeMutableRawBufferPointer {
    byteCount = 0
    return unsafe UnsafeMutableRawBufferPointer(start: base, count: capacity)
  }

  /// Records that so many bytes have been written at the address that ``beginFilling()`` returned.
  package func assumeFilled(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= capacity)
    self.byteCount = byteCount
  }

  /// The bytes written.
  package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// The bytes written.
  package var span: RawSpan {
    @_lifetime(borrow self)
    get {
      // The memory lives as long as self, and self is borrowed for as long as the span lives.
      unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
