import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

// The arrays that entries hold, as numpy saves them.

extension ZipArchive {
  /// The `.npy` header an entry begins with.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the entry is shorter than its header says.
  func header(of entry: ZipEntry, name: String) throws(StoreError) -> NPYHeader {
    do throws(StoreError) {
      var inflater = Inflater(.raw)
      return try header(of: entry, with: &inflater)
    } catch {
      throw error.at(path: path, key: name)
    }
  }

  func header(
    of entry: ZipEntry, with inflater: inout Inflater
  ) throws(StoreError) -> NPYHeader {
    try headerAndBytes(of: entry, with: &inflater).header
  }

  /// The header an entry begins with, and its bytes.
  func headerAndBytes(
    of entry: ZipEntry, with inflater: inout Inflater
  ) throws(StoreError) -> (header: NPYHeader, bytes: [UInt8]) {
    let source = try unsafe compressedBytes(of: entry)
    // Most headers have 128 bytes; a longer one says so at its start.
    var prefix = try unsafe Self.prefix(of: source, entry, count: 128, with: &inflater)
    let dataOffset = try unsafe NPYHeader.dataOffset(prefix: prefix.span.bytes)
    if dataOffset > prefix.count {
      prefix = try unsafe Self.prefix(of: source, entry, count: dataOffset, with: &inflater)
    }
    let header = try unsafe NPYHeader(parsing: prefix.span.bytes)
    guard header.dataByteCount <= entry.byteCount - header.dataOffset else {
      throw StoreError(
        .corrupt,
        "the array has \(header.dataByteCount) bytes, but its entry has \(entry.byteCount - header.dataOffset)"
      )
    }
    return (header, Array(prefix[..<header.dataOffset]))
  }

  private static func prefix(
    of source: UnsafeRawBufferPointer, _ entry: ZipEntry, count: Int, with inflater: inout Inflater
  ) throws(StoreError) -> [UInt8] {
    let count = min(count, entry.byteCount)
    guard entry.isDeflated else { return unsafe [UInt8](source.prefix(count)) }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe inflater.inflatePrefix(of: source, into: buffer)
    }
    return bytes
  }
}
