import ImageStoreCore
import ImageStoreSupport

/// Reads runs of records of a batch's file into a small buffer that stays in the cache.
///
/// Mapping a file costs a page fault for every few pages that are touched first; reading it
/// by the block costs a copy, which is cheaper for a whole set. Small and shuffled
/// reads are better off with the map.
struct PlaneReader: ~Copyable {
  /// Reads of fewer bytes than this go through the map.
  static let leastByteCount = 4 << 20
  /// Records a block.
  private static let blockLength = 64

  private let file: File
  private let planes: BatchPlanes
  private let memory: PixelMemory

  /// Nil where the planes lie in no file, or in one that is not any more what was mapped.
  init?(_ planes: BatchPlanes) throws(StoreError) {
    guard let map = planes.memory.map, FileIdentity(ofPath: map.path) == map.identity else { return nil }
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
      // The last record may end with the file right behind its planes.
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
