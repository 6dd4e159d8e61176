import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

/// Inflates an entry a piece at a time, so that it needs little memory, even if the entry states a
/// large size.
struct ZipEntryReader: ~Copyable {
  private let entry: ZipEntry
  private var inflater: InflateReader
  private var checksum = CRC32()
  private let memory: PixelMemory
  private var position = 0

  /// Entries of up to this many bytes are inflated as a whole, which is faster.
  static let wholeByteCount = 32 << 20
  private static let pieceByteCount = 4 << 20

  /// - Parameters:
  ///   - entry: a deflated one of the archive, which must be kept for as long as the reader is used.
  ///   - longestPiece: how many bytes one piece must be able to have.
  init(_ entry: ZipEntry, of archive: ZipArchive, longestPiece: Int = 0) throws(StoreError) {
    let memory = try PixelMemory(capacity: max(longestPiece, Self.pieceByteCount))
    inflater = try unsafe InflateReader(archive.compressedBytes(of: entry))
    self.entry = entry
    self.memory = memory
  }

  /// The most bytes a piece can have.
  var capacity: Int { memory.capacity }

  /// Lends the next bytes.
  mutating func read(
    _ byteCount: Int, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (target) throws(StoreError) in
        try unsafe inflater.read(into: target)
      }
    }
    position += byteCount
    unsafe checksum.add(memory.bytes)
    try unsafe body(memory.bytes)
  }

  /// Reads bytes for their checksum alone.
  mutating func skip(_ byteCount: Int) throws(StoreError) {
    var rest = byteCount
    while rest > 0 {
      let piece = min(rest, capacity)
      try unsafe read(piece) { (_) throws(StoreError) in }
      rest -= piece
    }
  }

  /// Reads the rest.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the entry has more or fewer bytes than it says, or
  ///   fails its checksum.
  mutating func finish() throws(StoreError) {
    try skip(entry.byteCount - position)
    try inflater.finish(after: entry.byteCount)
    try entry.check(found: checksum.value)
  }
}

extension ZipArchive {
  /// Checks an entry's checksum with little memory.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func check(_ entry: ZipEntry) throws(StoreError) {
    guard entry.isDeflated else { return try unsafe entry.check(compressedBytes(of: entry)) }
    var reader = try ZipEntryReader(entry, of: self)
    try reader.finish()
  }
}
