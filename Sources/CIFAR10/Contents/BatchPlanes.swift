import ImageStoreCore
import ImageStoreSupport

/// The pixels of a batch where they are: images one after another, each 1024 bytes of red, of green and
/// of blue.
///
/// Invariant: all bytes of `count` records of `recordByteCount` bytes from `offset` are in `source`,
/// and a record has the 3072 bytes of an image at its start.
@safe struct BatchPlanes: Sendable {
  static let imageByteCount = 3 * 32 * 32

  let source: any ByteSource
  let count: Int
  // The address of the source's bytes, kept so that a read does not ask for it image by image.
  private let base: Address
  /// Where the first image's planes begin in `source`.
  let offset: Int
  let recordByteCount: Int

  /// An address in memory that `source` keeps readable.
  @safe private struct Address: @unchecked Sendable {
    let pointer: UnsafePointer<UInt8>
  }

  /// - Parameter offset: where the planes of the first image begin.
  /// - Throws: ``StoreError/Code/corrupt`` if the source has fewer images.
  init(
    _ source: any ByteSource, offset: Int, count: Int, recordByteCount: Int
  ) throws(StoreError) {
    let bytes = unsafe source.bytes
    let last = (count - 1).multipliedReportingOverflow(by: recordByteCount)
    guard offset >= 0, count >= 0, recordByteCount >= Self.imageByteCount, !last.overflow,
      count == 0 || bytes.count - Self.imageByteCount - last.partialValue >= offset,
      let start = bytes.baseAddress
    else {
      throw StoreError(
        .corrupt,
        "the \(count) images from byte \(offset) on are not all in the \(bytes.count) bytes of the batch")
    }
    self.source = source
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

/// Reads runs of records of a batch's file into a small buffer that stays in the cache.
///
/// Mapping a file costs a page fault for every few pages that are touched first; reading it by the
/// block costs a copy, which is cheaper for a whole set. For small and shuffled reads, the map is
/// better.
struct PlaneReader: ~Copyable {
  /// Reads of fewer bytes than this go through the map.
  static let leastByteCount = 4 << 20
  /// Records per block.
  private static let blockLength = 64

  private let file: File
  private let planes: BatchPlanes
  private let memory: PixelMemory

  /// Nil if the planes are not in a file, or in one that is no longer the one that was mapped.
  init?(_ planes: BatchPlanes) throws(StoreError) {
    guard let map = planes.source as? MappedFile, FileIdentity(ofPath: map.path) == map.identity else {
      return nil
    }
    let file = try File(map.path, .read)
    guard try file.identity() == map.identity else { return nil }
    memory = try PixelMemory(capacity: Self.blockLength * planes.recordByteCount)
    self.file = file
    self.planes = planes
  }

  /// Lends the planes of consecutive images, one after another.
  func forEach(
    _ images: Range<Int>, _ body: (_ image: Int, _ red: UnsafePointer<UInt8>) -> Void
  ) throws(StoreError) {
    let stride = planes.recordByteCount
    var first = images.lowerBound
    while first < images.upperBound {
      let end = min(first + Self.blockLength, images.upperBound)
      // The last record may end with the file right after its planes.
      let byteCount = (end - first - 1) * stride + BatchPlanes.imageByteCount
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(byteCount) { (bytes) throws(StoreError) in
          try unsafe file.read(at: planes.offset + first * stride, into: bytes)
        }
      }
      let start = unsafe memory.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      for image in first..<end { unsafe body(image, start + (image - first) * stride) }
      first = end
    }
  }
}
