import ImageStoreCore
import StoreIO

/// A file that stored pixels are streamed to, one image or chunk after another from an offset: small pieces
/// are collected, large ones written from where they are.
struct PixelSpool: ~Copyable {
  /// Where the first byte goes. Before it there is room for the metadata, so that a file of contiguous
  /// images is made complete by writing what stands around them; a page, so that maps are aligned.
  static let start = 4096

  let path: String
  private let file: File
  private var buffer: [UInt8] = []
  /// Where the buffer's first byte goes.
  private var position = PixelSpool.start
  private static let bufferByteCount = 1 << 20
  private var writing = EarlyWriting()

  /// Creates the file.
  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .create)
    buffer.reserveCapacity(Self.bufferByteCount)
  }

  /// Bytes streamed so far.
  var byteCount: Int { position + buffer.count - Self.start }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    if buffer.count + bytes.count > Self.bufferByteCount { try flush() }
    if bytes.count >= Self.bufferByteCount / 8 {
      try flush()
      try unsafe file.write(bytes, at: position)
      position += bytes.count
      writing.note(position, of: file)
    } else {
      unsafe buffer.append(contentsOf: bytes)
    }
  }

  /// Writes what has been collected.
  mutating func flush() throws(StoreError) {
    guard !buffer.isEmpty else { return }
    try unsafe file.write(buffer.span.bytes, at: position)
    position += buffer.count
    buffer.removeAll(keepingCapacity: true)
    writing.note(position, of: file)
  }

  /// Writes around what was streamed, which ``flush()`` has brought to the file.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    try unsafe file.write(bytes, at: offset)
  }

  func resize(to byteCount: Int) throws(StoreError) { try file.resize(to: byteCount) }
  func synchronize() throws(StoreError) { try file.synchronize() }
}
