internal import ImageStoreCore
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Memory for the pixels of a batch: whole pages, as devices that share it want.
///
/// Invariant behind `@safe`: the bytes belong to one batch, which is written by one thread before it is
/// shared and only read afterwards.
@safe struct BatchMemory: ~Copyable {
  private(set) var capacity = 0
  private(set) var byteCount = 0
  private var base: UnsafeMutableRawPointer?

  init() {}

  deinit { unsafe free(base) }

  static let pageSize = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))

  /// Makes room for so many bytes, none of them initialised.
  mutating func reserve(_ byteCount: Int) throws(StoreError) {
    self.byteCount = 0
    guard byteCount > capacity else { return }
    unsafe free(base)
    unsafe base = nil
    capacity = 0
    let (padded, overflow) = byteCount.addingReportingOverflow(Self.pageSize - 1)
    let size = padded / Self.pageSize * Self.pageSize
    var pointer: UnsafeMutableRawPointer?
    guard !overflow, unsafe posix_memalign(&pointer, Self.pageSize, size) == 0 else {
      throw StoreError(
        .limitExceeded, "no memory for \(byteCount) bytes of pixels",
        remedy: "make batches smaller or prefetch fewer")
    }
    unsafe base = pointer
    capacity = size
  }

  /// Replaces the contents by what `body` appends, `byteCount` bytes.
  mutating func fill(
    _ byteCount: Int, _ body: (inout OutputRawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try reserve(byteCount)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
    try body(&output)
    let written = unsafe output.finalize(for: memory)
    guard written == byteCount else {
      throw StoreError(
        .corrupt, "the store gave \(written) bytes of pixels where it announced \(byteCount)")
    }
    self.byteCount = byteCount
  }

  /// Replaces the contents by `byteCount` bytes that `body` writes, all of them.
  mutating func write(
    _ byteCount: Int, _ body: (UnsafeMutableRawPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    try reserve(max(byteCount, 1))
    try unsafe body(base!)
    self.byteCount = byteCount
  }

  /// The bytes written.
  @unsafe var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
  }
}
