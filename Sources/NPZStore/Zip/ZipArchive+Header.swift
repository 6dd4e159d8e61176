import Deflate
import ImageStoreCore
import NumPyFormat
import StoreIO

extension ZipArchive {
  /// The `.npy` header an entry begins with.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` where the entry is shorter than its header says.
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
        "an array of \(header.dataByteCount) bytes in an entry that has \(entry.byteCount - header.dataOffset)"
      )
    }
    return header
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

  /// The values of an entry that has one value an image, its checksum checked.
  func values<Values>(
    of entry: ZipEntry, name: String,
    _ read: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Values
  ) throws(StoreError) -> Values {
    do throws(StoreError) {
      let bytes = try contents(of: entry, limit: 1 << 36)
      let header = try unsafe NPYHeader(parsing: bytes.span.bytes)
      var values: Values?
      try unsafe withBytes(of: bytes) { (file) throws(StoreError) in
        values = try unsafe read(header, header.data(in: file))
      }
      return values!
    } catch {
      throw error.at(path: path, key: name)
    }
  }
}

/// Lends the bytes of an array to a body that throws a typed error.
private func withBytes(
  of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
) throws(StoreError) {
  try unsafe bytes.span.bytes.withUnsafeBytes(body)
}
