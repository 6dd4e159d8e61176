package import ImageStoreCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory that grows and is used again.
///
/// Invariant behind `@unchecked Sendable`: the value alone holds its memory.
@safe package struct ReusableBuffer: ~Copyable, @unchecked Sendable {
  package private(set) var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// How many bytes have been written, from the start.
  package var byteCount = 0

  package init() {}

  deinit { unsafe free(memory.baseAddress) }

  /// Makes room for `count` bytes; what was there is lost.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` where the system has not so much memory.
  package mutating func reserve(_ count: Int) throws(StoreError) {
    byteCount = 0
    guard unsafe memory.count < count else { return }
    unsafe free(memory.baseAddress)
    unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    guard let start = unsafe malloc(count) else {
      throw StoreError(.limitExceeded, "no memory for \(count) bytes")
    }
    unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: count)
  }
}
