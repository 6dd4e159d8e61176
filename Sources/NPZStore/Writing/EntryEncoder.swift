import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// The state that one thread needs to deflate entries, reused from call to call.
final class EntryEncoder {
  private let level: Int
  private var deflater: Deflater?
  private var smallWindowDeflater: Deflater?
  private var photographDeflater = SmallDeflater()
  private var source: [UInt8] = []

  init(level: Int) { self.level = level }

  /// Up to this size a window of 8 KiB reaches as far back as zlib's of 32 KiB, and is quicker to clear
  /// between entries.
  private static let smallByteCount = 7_900

  /// Deflates an array's header and data as one entry.
  ///
  /// - Parameters:
  ///   - offset: where the entry will be.
  ///   - output: takes the local header and the deflated bytes.
  func encode(
    header: [UInt8], data: UnsafeRawBufferPointer, name: String, offset: Int, to output: inout [UInt8]
  ) throws(StoreError) -> ZipWrittenEntry {
    source.removeAll(keepingCapacity: true)
    source += header
    unsafe source.append(contentsOf: data)
    if let entry = try append(with: &photographDeflater, name: name, offset: offset, to: &output) {
      return entry
    }
    if source.count <= Self.smallByteCount {
      if smallWindowDeflater == nil {
        smallWindowDeflater = try Deflater(.raw, level: level, windowBits: 13, memoryLevel: 7)
      }
      return try append(with: &smallWindowDeflater!, name: name, offset: offset, to: &output)
    }
    if deflater == nil { deflater = try Deflater(.raw, level: level) }
    return try append(with: &deflater!, name: name, offset: offset, to: &output)
  }

  /// Appends the local header and the deflated bytes of ``source``, or returns nil if `deflater`
  /// refuses it.
  private func append(
    with deflater: inout SmallDeflater, name: String, offset: Int, to output: inout [UInt8]
  ) throws(StoreError) -> ZipWrittenEntry? {
    let source = source
    let bytes = unsafe source.span.bytes
    guard try deflater.deflate(bytes) else { return nil }
    return append(deflater.bytes, of: bytes, name: name, offset: offset, to: &output)
  }

  /// Appends the local header and the deflated bytes of ``source``.
  private func append(
    with deflater: inout Deflater, name: String, offset: Int, to output: inout [UInt8]
  ) throws(StoreError) -> ZipWrittenEntry {
    let source = source
    let bytes = unsafe source.span.bytes
    try deflater.deflate(bytes)
    return append(deflater.bytes, of: bytes, name: name, offset: offset, to: &output)
  }

  private func append(
    _ compressed: RawSpan, of bytes: RawSpan, name: String, offset: Int, to output: inout [UInt8]
  ) -> ZipWrittenEntry {
    let entry = ZipWrittenEntry(
      offset: offset, compressedByteCount: compressed.byteCount, byteCount: bytes.byteCount,
      checksum: CRC32.checksum(of: bytes), isDeflated: true)
    ZipFormat.appendLocalHeader(of: entry, name: name, dataOffset: nil, to: &output)
    unsafe compressed.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
    return entry
  }
}

/// The entries of some images, one after another, their offsets counted from the first.
///
/// Invariant behind `@unchecked Sendable`: one thread fills it, and it is read when that is done.
final class EncodedPiece: @unchecked Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var entries: [ZipWrittenEntry] = []

  func encode(
    header: [UInt8], data: UnsafeRawBufferPointer, name: String, with encoder: EntryEncoder
  ) throws(StoreError) {
    entries.append(
      try unsafe encoder.encode(
        header: header, data: data, name: name, offset: bytes.count, to: &bytes))
  }
}
