import ImageStoreSupport

/// An archive of a few arrays in memory, stored as they are, for code that stores arrays in a form
/// that `numpy.load` opens.
package enum ArrayArchive {
  /// The bytes of an archive.
  ///
  /// - Parameter members: names such as `labels.npy`, and the bytes of each, which begin at multiples of 64.
  /// - Returns: the archive, and where in it the bytes of each member begin.
  package static func bytes(
    of members: [(name: String, bytes: [UInt8])]
  ) -> (archive: [UInt8], starts: [Int]) {
    var archive: [UInt8] = []
    archive.reserveCapacity(members.reduce(1024) { $0 + $1.bytes.count + 512 })
    var starts: [Int] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let entry = ZipWrittenEntry(
        offset: archive.count, compressedByteCount: bytes.count, byteCount: bytes.count,
        checksum: unsafe CRC32.checksum(of: bytes.span.bytes), isDeflated: false)
      let start = ZipFormat.alignedStart(
        offset: archive.count, nameByteCount: name.utf8.count, byteCount: bytes.count)
      ZipFormat.appendLocalHeader(of: entry, name: name, dataOffset: start, to: &archive)
      starts.append(start)
      archive += bytes
      ZipFormat.appendRecord(of: entry, name: name, to: &directory)
    }
    let offset = archive.count
    archive += directory
    archive += ZipFormat.end(
      entryCount: members.count, directoryOffset: offset, directoryByteCount: directory.count, comment: [])
    return (archive, starts)
  }
}
