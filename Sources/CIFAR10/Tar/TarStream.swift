import ImageStoreCore
import ImageStoreDeflate

/// The bytes of an archive, inflated if it is gzipped.
///
/// Invariant behind `@safe`: the code that makes one keeps the archive's bytes readable while it is
/// used.
@safe struct TarStream: ~Copyable {
  private var gzip: GzipReader?
  private var plain: UnsafeRawBufferPointer

  @unsafe init(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    unsafe plain = bytes
    gzip = unsafe Self.isGzip(bytes) ? try unsafe GzipReader(mapped: bytes) : nil
  }

  static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe GzipReader.recognizes(RawSpan(_unsafeBytes: bytes))
  }

  /// Fills `destination` with the next bytes.
  ///
  /// - Returns: how many there were; fewer than asked for only at the end.
  mutating func read(into destination: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    if gzip != nil { return try unsafe gzip!.read(into: destination) }
    let count = unsafe min(destination.count, plain.count)
    unsafe destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: plain[..<count]))
    unsafe plain = UnsafeRawBufferPointer(rebasing: plain[count...])
    return count
  }

  /// Skips the next bytes.
  ///
  /// - Returns: how many there were; fewer than asked for only at the end.
  mutating func skip(_ byteCount: Int) throws(StoreError) -> Int {
    var scratch = [UInt8](repeating: 0, count: min(byteCount, 1 << 16))
    var done = 0
    while done < byteCount {
      let wanted = min(byteCount - done, scratch.count)
      var span = scratch.mutableSpan
      let count = try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
        try unsafe read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
      }
      done += count
      if count < wanted { break }
    }
    return done
  }
}
