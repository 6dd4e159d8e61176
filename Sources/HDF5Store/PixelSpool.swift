import ImageStoreCore
import ImageStoreSupport

/// A file that stored pixels are streamed to, one image or chunk after another from an offset.
struct PixelSpool: ~Copyable {
  /// Where the first byte goes. Before it there is room for the metadata, so that a file of contiguous
  /// images is made complete by writing what stands around them; a page, so that maps are aligned.
  static let start = 4096

  let path: String
  private let file: File
  private var writing = SequentialWriting(from: PixelSpool.start)

  /// Creates the file.
  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .create)
  }

  /// Where the next byte goes.
  var end: Int { writing.end }
  /// Bytes streamed so far.
  var byteCount: Int { end - Self.start }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    try unsafe writing.append(bytes, to: file)
  }

  /// Writes what has been collected.
  mutating func flush() throws(StoreError) { try writing.flush(to: file) }

  /// Writes around what was streamed, which ``flush()`` has brought to the file.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    try unsafe file.write(bytes, at: offset)
  }

  func resize(to byteCount: Int) throws(StoreError) { try file.resize(to: byteCount) }
  func synchronize() throws(StoreError) { try file.synchronize() }
}
