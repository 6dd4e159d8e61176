import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

/// What one thread needs to decode entries, used again from call to call.
///
/// Invariant behind `@unchecked Sendable`: one thread at a time has it; ``EntryDecoders`` hands it from one
/// to the next.
@safe final class EntryDecoder: @unchecked Sendable {
  var inflater = Inflater(.raw)
  private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Room behind an entry's bytes with which inflating is faster.
  static let slack = 512
  /// The longest header that is inflated in front of a slot; others go through scratch memory.
  static let mostHeaderBytes = 256
  /// What stood where a header is inflated to.
  let saved = UnsafeMutableRawPointer.allocate(byteCount: mostHeaderBytes, alignment: 64)

  deinit {
    unsafe memory.deallocate()
    unsafe saved.deallocate()
  }

  /// Memory for `count` bytes and the slack.
  func scratch(_ count: Int) throws(StoreError) -> UnsafeMutableRawBufferPointer {
    if unsafe memory.count < count + Self.slack {
      unsafe memory.deallocate()
      unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      // An entry says how large it is: memory that is not there is an error, not the end.
      guard let pointer = unsafe allocate(count + Self.slack) else {
        throw StoreError(.limitExceeded, "no memory for an entry of \(count) bytes")
      }
      unsafe memory = UnsafeMutableRawBufferPointer(start: pointer, count: count + Self.slack)
    }
    return unsafe memory
  }
}

/// Decoders that no thread is using.
final class EntryDecoders: Sendable {
  private let idle = Mutex<[EntryDecoder]>([])

  /// Calls with a decoder of its own.
  func with<Result>(_ body: (EntryDecoder) throws(StoreError) -> Result) throws(StoreError) -> Result {
    let decoder = idle.withLock { $0.popLast() } ?? EntryDecoder()
    defer { idle.withLock { $0.append(decoder) } }
    return try body(decoder)
  }
}
