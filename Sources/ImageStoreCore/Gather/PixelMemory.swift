import ImageStorePlatform

/// A block of memory for pixels, aligned to 64 bytes (a cache line, and the widest vectors).
///
/// Invariant behind `@unchecked Sendable`: the bytes are written only by the holder of the sole
/// reference, and only read once the block is shared. Bytes that belong to another object, which
/// lives as long as the block, are never written.
@safe package final class PixelMemory: @unchecked Sendable {
  package let capacity: Int
  /// How many bytes have been written, from the start.
  package private(set) var byteCount = 0
  private let base: UnsafeMutableRawPointer
  private let origin: Origin

  private enum Origin {
    case allocated
    /// Pages of its own, so many bytes.
    case mapped(Int)
    case borrowed(from: AnyObject)
  }
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
    origin = .allocated
  }

  /// Memory that goes back to the system when it is released. An allocator keeps what many threads
  /// have had, several times what is in use.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  package convenience init(returningCapacity capacity: Int) throws(StoreError) {
    let page = Int(getpagesize())
    let (space, overflow) = capacity.addingReportingOverflow(Self.hugePageByteCount + page)
    guard capacity >= Self.hugePageByteCount, !overflow,
      let start = unsafe mmap(nil, space, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
      unsafe start != MAP_FAILED
    else {
      try self.init(capacity: capacity)
      return
    }
    // From where a large page may begin; what is left on both sides is returned.
    let first = UInt(bitPattern: start)
    let region = UInt(Self.hugePageByteCount)
    let base = (first + region - 1) / region * region
    let byteCount = (capacity + page - 1) / page * page
    let end = base + UInt(byteCount)
    if base > first { _ = unsafe munmap(start, Int(base - first)) }
    let last = (first + UInt(space)) / UInt(page) * UInt(page)
    if last > end { _ = unsafe munmap(UnsafeMutableRawPointer(bitPattern: end), Int(last - end)) }
    unsafe self.init(UnsafeMutableRawPointer(bitPattern: base)!, capacity: capacity, .mapped(byteCount))
    #if os(Linux)
    _ = unsafe madvise(self.base, byteCount, Int32(MADV_HUGEPAGE))
    #endif
  }

  private init(_ base: UnsafeMutableRawPointer, capacity: Int, _ origin: Origin) {
    unsafe self.base = base
    self.capacity = capacity
    self.origin = origin
  }

  /// Lends bytes of another object, such as a mapped file.
  ///
  /// - Parameter owner: keeps the bytes where they are while it lives.
  @unsafe package convenience init(borrowing bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
    // An empty buffer may have no address; nothing is read there.
    let base = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64)!
    unsafe self.init(
      UnsafeMutableRawPointer(mutating: base), capacity: bytes.count, .borrowed(from: owner))
    byteCount = bytes.count
  }

  deinit {
    switch origin {
    case .allocated: unsafe free(base)
    case .mapped(let byteCount): _ = unsafe munmap(base, byteCount)
    case .borrowed: break
    }
  }

  /// Whether the bytes belong to another object.
  package var isBorrowed: Bool { if case .borrowed = origin { true } else { false } }

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
    precondition(!isBorrowed)
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
    precondition(!isBorrowed)
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
