import ImageStoreCore
import ImageStoreSupport

/// The bytes of a file: mapped, or inflated into memory.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the bytes are only read, and live as long as
/// this object, which holds their owner.
@safe final class BatchMemory: @unchecked Sendable {
  private enum Owner {
    case map(MappedFile)
    case memory(PixelMemory)
  }
  private let owner: Owner

  init(_ map: MappedFile) { owner = .map(map) }

  /// - Parameter memory: is not written to any more.
  init(_ memory: PixelMemory) { owner = .memory(memory) }

  /// All bytes; valid while this object lives.
  @unsafe var bytes: UnsafeRawBufferPointer {
    switch owner {
    case .map(let map): unsafe map.bytes
    case .memory(let memory): unsafe memory.bytes
    }
  }

  /// The map of the file, where it is one.
  var map: MappedFile? {
    if case .map(let map) = owner { map } else { nil }
  }

  /// Lends all bytes.
  func withSpan<Result>(
    _ body: (RawSpan) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try withExtendedLifetime(self) { () throws(StoreError) in try unsafe withRawSpan(of: bytes, body) }
  }

  func advise(_ pattern: AccessPattern) {
    map?.advise(pattern)
  }
}
