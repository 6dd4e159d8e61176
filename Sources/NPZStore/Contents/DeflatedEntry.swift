import ImageStoreCore
import ImageStoreDeflate
import Synchronization

/// The bytes of a deflated entry, read in order as they are inflated.
///
/// Its local header is compared with the directory when it is first read, as that of any entry.
final class DeflatedEntry: Sendable {
  private let archive: ZipArchive
  private let entry: ZipEntry
  private let checks: Bool
  private let known = Mutex<InflatedBytes?>(nil)

  init(_ archive: ZipArchive, _ entry: ZipEntry, checks: Bool) {
    self.archive = archive
    self.entry = entry
    self.checks = checks
  }

  /// All bytes, if they are in memory.
  var resident: PixelMemory? { known.withLock { $0 }?.resident }

  /// Calls with ranges of the entry's bytes, as ``InflatedBytes`` does.
  func forEach(
    count: Int, range: (_ position: Int) -> Range<Int>,
    _ body: (_ position: Int, _ start: UnsafeRawPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    let bytes = try known.withLock { (known) throws(StoreError) -> InflatedBytes in
      if let known { return known }
      let source = try unsafe archive.compressedBytes(of: entry)
      let made = unsafe InflatedBytes(
        source, of: archive, .raw(checksum: checks ? entry.checksum : nil), byteCount: entry.byteCount)
      known = made
      return made
    }
    try unsafe bytes.forEach(count: count, range: range, body)
  }
}
