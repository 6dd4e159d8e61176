import ImageStoreCore
import ImageStoreDeflate

/// Reads the regular files of a tar archive one after another, gzipped or not.
///
/// Nothing of the archive is written anywhere, so the folders and links it names do not matter.
/// Format: POSIX.1-2001 "ustar Interchange Format", which pax and GNU archives extend.
struct TarReader: ~Copyable {
  /// A plain file of the archive.
  struct Member {
    /// The last component of its path.
    let name: String
    let byteCount: Int
  }

  /// The most bytes that an archive may have, and one that is gzipped may inflate to. CIFAR's have
  /// 0.2 GB, of which gzip can save little; a small file that expands to much more does not get the
  /// memory and time.
  private static func maximumByteCount(_ archive: UnsafeRawBufferPointer) -> Int {
    let most = 1 << 31
    return unsafe TarStream.isGzip(archive) ? min(most, 256 << 20 + 64 * min(archive.count, most)) : most
  }
  private static let blockByteCount = 512

  private var stream: TarStream
  /// Bytes of the member read last that are still to be read, and of the padding after it.
  private var rest = 0
  private var padding = 0
  private var budget: Int
  private let maximumByteCount: Int
  /// The header read last, in memory that is reused.
  private var block = [UInt8](repeating: 0, count: blockByteCount)

  /// - Parameter bytes: the archive, readable for as long as the reader is used.
  @unsafe init(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    stream = try unsafe TarStream(bytes)
    maximumByteCount = unsafe Self.maximumByteCount(bytes)
    budget = maximumByteCount
  }

  /// Whether these bytes may be an archive: gzip, or a header of tar.
  static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if unsafe TarStream.isGzip(bytes) { return true }
    return unsafe beginsWithHeader(bytes)
  }

  /// Whether these bytes begin with a header of tar, or inflate to one.
  static func beginsWithHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do throws(StoreError) {
      var reader = try unsafe TarReader(bytes)
      return try reader.header() != nil
    } catch {
      return false
    }
  }

  /// Goes to the next plain file; nil at the end of the archive, which has then been read and checked
  /// whole.
  mutating func next() throws(StoreError) -> Member? {
    while true {
      try skip(rest + padding)
      guard let header = try header() else {
        try skipToEnd()
        return nil
      }
      do throws(StoreError) {
        try spend(header.byteCount)
      } catch {
        throw error.at(key: header.name)
      }
      rest = header.byteCount
      padding = -header.byteCount & (Self.blockByteCount - 1)
      if header.isPlainFile { return Member(name: header.name, byteCount: header.byteCount) }
    }
  }

  /// The bytes of the file that ``next()`` went to.
  mutating func contents() throws(StoreError) -> PixelMemory {
    let byteCount = rest
    let memory = try PixelMemory(capacity: byteCount)
    var found = 0
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (buffer) throws(StoreError) in
        found = try unsafe stream.read(into: buffer)
      }
    }
    guard found == byteCount else { throw .archiveCutShort }
    rest = 0
    return memory
  }

  private mutating func skip(_ byteCount: Int) throws(StoreError) {
    guard try stream.skip(byteCount) == byteCount else { throw .archiveCutShort }
    rest = 0
    padding = 0
  }

  /// The next header, or nil at the end of the archive.
  private mutating func header() throws(StoreError) -> TarHeader? {
    let found = try Self.fill(&block, from: &stream)
    if found == 0 { return nil }
    guard found == Self.blockByteCount else { throw .archiveCutShort }
    try spend(Self.blockByteCount)
    return try TarHeader(block)
  }

  private static func fill(_ block: inout [UInt8], from stream: inout TarStream) throws(StoreError) -> Int {
    var span = block.mutableSpan
    return try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe stream.read(into: buffer)
    }
  }

  /// Skips the bytes after the end of the archive, so that its checksum is read.
  private mutating func skipToEnd() throws(StoreError) {
    while true {
      let count = try stream.skip(1 << 16)
      guard count > 0 else { return }
      try spend(count)
    }
  }

  /// Subtracts from the bytes that the archive may still inflate to.
  private mutating func spend(_ byteCount: Int) throws(StoreError) {
    guard byteCount <= budget else {
      throw StoreError(
        .limitExceeded, "the archive has more than \(maximumByteCount) bytes",
        remedy: "unpack it and give the folder")
    }
    budget -= byteCount
  }
}

extension StoreError {
  fileprivate static var archiveCutShort: StoreError {
    StoreError(.corrupt, "the archive is cut short", remedy: "get it again")
  }
}
