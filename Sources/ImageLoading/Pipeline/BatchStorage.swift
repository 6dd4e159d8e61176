internal import ImageStoreCore
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a batch consists of, in memory that is reused once nobody holds the batch.
///
/// Invariant behind `@unchecked Sendable`: written by the one worker that found it free, only read once
/// it is delivered, until the last ``BatchLease`` is gone.
final class BatchStorage: @unchecked Sendable {
  /// Whether no batch uses it. What was read before it was set is read before what is written after it
  /// was seen.
  let isFree = Atomic(true)
  var number = 0
  var indices: [Int] = []
  var labels: [Int32] = []
  var columns: [String: Column] = [:]
  var state: LoaderState
  var images = Tensor()
  /// Nothing unless the batch is one of pairs.
  var masks = Tensor()

  /// The pixels of a batch from one store.
  struct Tensor: ~Copyable {
    var memory = BatchMemory()
    var layout = BatchLayout([])
    var format = TensorFormat.stored
  }

  init(state: LoaderState) {
    self.state = state
    LoaderDiagnostics.batches.add(1, ordering: .relaxed)
  }

  deinit { LoaderDiagnostics.batches.subtract(1, ordering: .relaxed) }
}

/// A batch's hold on storage, which is free again when the last copy of the batch is gone.
final class BatchLease: Sendable {
  let storage: BatchStorage

  init(_ storage: BatchStorage) { self.storage = storage }

  deinit { storage.isFree.store(true, ordering: .releasing) }
}

/// Memory for the pixels of a batch: whole pages, which devices with shared memory ask for.
///
/// Invariant behind `@safe`: the bytes belong to one batch, which is written by one thread before it is
/// shared and only read afterwards.
@safe struct BatchMemory: ~Copyable {
  private(set) var capacity = 0
  private(set) var byteCount = 0
  private var base: UnsafeMutableRawPointer?

  init() {}

  deinit { unsafe free(base) }

  private static let pageSize = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))

  /// Makes room for bytes, none of which is initialized.
  private mutating func reserve(_ byteCount: Int) throws(StoreError) {
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
        .corrupt, "the store gave \(written) bytes of pixels instead of \(byteCount)")
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
