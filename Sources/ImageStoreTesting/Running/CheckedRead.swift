import ImageStoreCore

/// The effect of one `read` on memory whose surroundings are known.
struct CheckedRead {
  /// The appended bytes.
  let bytes: [UInt8]
  /// Whether the bytes before the destination are unchanged.
  let keptBefore: Bool
  /// Whether the bytes after the destination's room are unchanged.
  let keptBehind: Bool
  let error: (any Error)?

  /// Reads into memory that is partly filled.
  ///
  /// - Parameters:
  ///   - filled: bytes that are in the destination already; odd numbers make slots unaligned.
  ///   - room: bytes of room after them.
  init(
    _ store: any ImageStore, _ indices: [Int], regions: [ImageRegion] = [], filled: Int = 0, room: Int
  ) {
    let behind = 64
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: filled + room + behind, alignment: 64)
    defer { unsafe memory.deallocate() }
    for offset in memory.indices { unsafe memory[offset] = Self.pattern(offset) }
    // Only this part is lent; the rest is watched.
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<(filled + room)])
    var output = unsafe OutputRawSpan(buffer: target, initializedCount: filled)
    var failure: (any Error)?
    do {
      try store.read(indices.span, regions: regions.span, into: &output)
    } catch {
      failure = error
    }
    let end = unsafe output.finalize(for: target)
    error = failure
    bytes = unsafe end >= filled ? [UInt8](memory[filled..<end]) : []
    keptBefore = end >= filled && (0..<filled).allSatisfy { unsafe memory[$0] == Self.pattern($0) }
    keptBehind = (filled + room..<filled + room + behind).allSatisfy {
      unsafe memory[$0] == Self.pattern($0)
    }
  }

  private static func pattern(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 37 &+ 11) }
}
