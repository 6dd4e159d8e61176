import ImageStoreCore

/// The pixels of a batch where they lie: images one after another, each 1024 bytes of red, of green and
/// of blue.
///
/// Invariant: all bytes of `count` records of `recordByteCount` bytes from `offset` are in `memory`,
/// and a record has the 3072 bytes of an image at its start.
@safe struct BatchPlanes: Sendable {
  static let imageByteCount = 3 * 32 * 32

  let memory: BatchMemory
  let count: Int
  // The memory's own address, kept so that a read does not ask for it image by image.
  private let base: Address
  /// Where the first image's planes begin in `memory`.
  let offset: Int
  let recordByteCount: Int

  /// Where memory lies that `memory` keeps readable.
  @safe private struct Address: @unchecked Sendable {
    let pointer: UnsafePointer<UInt8>
  }

  /// - Parameter offset: where the planes of the first image begin.
  /// - Throws: ``StoreError/Code/corrupt`` where the memory has not so many images.
  init(
    _ memory: BatchMemory, offset: Int, count: Int, recordByteCount: Int
  ) throws(StoreError) {
    let bytes = unsafe memory.bytes
    let last = (count - 1).multipliedReportingOverflow(by: recordByteCount)
    guard offset >= 0, count >= 0, recordByteCount >= Self.imageByteCount, !last.overflow,
      count == 0 || bytes.count - Self.imageByteCount - last.partialValue >= offset,
      let start = bytes.baseAddress
    else {
      throw StoreError(.corrupt, "\(count) images from offset \(offset) of \(bytes.count) bytes")
    }
    self.memory = memory
    self.count = count
    self.offset = offset
    self.recordByteCount = recordByteCount
    base = unsafe Address(pointer: (start + min(offset, bytes.count)).assumingMemoryBound(to: UInt8.self))
  }

  /// Where an image in `0..<count` begins.
  @inline(__always)
  @unsafe func address(of index: Int) -> UnsafePointer<UInt8> {
    unsafe base.pointer + index &* recordByteCount
  }
}
