internal import ImageStorePlatform

/// Memory that grows and is used again: what a thread decodes to, or inflates into. ``PixelMemory``
/// is the one that is filled once and shared.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the value alone holds its memory.
@safe package struct GrowingMemory: ~Copyable, @unchecked Sendable {
  private var base: UnsafeMutableRawPointer?
  private let alignment: Int
  /// How many bytes there is room for.
  package private(set) var capacity = 0
  /// How many bytes have been written, from the start. Code that writes to ``memory`` sets it.
  package var byteCount = 0 {
    didSet { precondition(byteCount >= 0 && byteCount <= capacity) }
  }

  /// No memory yet.
  ///
  /// - Parameter alignment: a power of two of at least 16; the address and the capacity are
  ///   multiples of it.
  package init(alignment: Int = 64) { self.alignment = alignment }

  deinit { unsafe free(base) }

  /// The size of a page, which devices that share memory want it aligned to.
  package static let pageByteCount = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))

  /// Makes room for `byteCount` bytes; what was written is lost.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  package mutating func reserve(_ byteCount: Int) throws(StoreError) {
    self.byteCount = 0
    guard unsafe base == nil || byteCount > capacity else { return }
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    let (padded, overflows) = max(1, byteCount).addingReportingOverflow(alignment - 1)
    let size = padded / alignment * alignment
    var pointer: UnsafeMutableRawPointer?
    guard byteCount >= 0, !overflows, unsafe posix_memalign(&pointer, alignment, size) == 0 else {
      throw StoreError(
        .limitExceeded, "no memory for \(byteCount) bytes", remedy: "read fewer images at a time")
    }
    unsafe base = pointer
    capacity = size
  }

  /// Replaces the contents by `byteCount` bytes that `body` writes, all of them, in any order.
  ///
  /// - Parameter slack: bytes of room after them that `body` may write to as well.
  package mutating func write(
    _ byteCount: Int, slack: Int = 0,
    _ body: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    let (room, overflows) = byteCount.addingReportingOverflow(slack)
    try reserve(overflows ? .max : room)
    try unsafe body(UnsafeMutableRawBufferPointer(start: base, count: room))
    self.byteCount = byteCount
  }

  /// Replaces the contents by what `body` appends, which must be `byteCount` bytes.
  package mutating func fill(
    _ byteCount: Int, _ body: (inout OutputRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try reserve(byteCount)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
    try body(&output)
    let written = unsafe output.finalize(for: memory)
    guard written == byteCount else {
      throw StoreError(.corrupt, "\(written) bytes of pixels instead of the \(byteCount) announced")
    }
    self.byteCount = byteCount
  }

  /// All the room, for code that knows only afterwards how many bytes it has written.
  @unsafe package var memory: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: base, count: capacity)
  }

  /// The bytes written.
  @unsafe package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// The bytes written.
  package var span: RawSpan {
    @_lifetime(borrow self)
    get {
      // The memory lives as long as self, and nobody writes to it while self is borrowed.
      unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
  }
}
