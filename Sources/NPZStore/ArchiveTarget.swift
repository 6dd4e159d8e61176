import ImageStoreCore
import StoreIO

/// The file a writer works on: a new one that appears when it is committed, or an archive that grows past its
/// end and is cut back to it unless the growth is committed.
///
/// A class, since its writer is the one that cannot be copied and holds the only reference.
final class ArchiveTarget {
  let file: File
  /// Where a new archive stands, or one that would replace the archive that grows.
  private var staging: Staging?
  /// The archive that grows, as it was.
  let old: Old?
  private var isOver = false

  struct Old: Sendable {
    let store: NPZStore
    /// Where its last end record ends.
    let endOffset: Int
  }

  private init(file: consuming File, staging: consuming Staging?, old: Old?) {
    self.file = file
    self.staging = staging
    self.old = old
  }

  static func open(_ path: String, mode: WriteMode) throws(StoreError) -> ArchiveTarget {
    let staging = try Staging(destination: path, mode: mode, otherContents: { _ in nil })
    if mode == .append, FileSystem.kind(of: path) != nil { return try grow(path, staging) }
    let file = try File(staging.path, .create)
    return ArchiveTarget(file: file, staging: staging, old: nil)
  }

  /// Opens an archive for appending, once no other writer has it, and cuts off what a dead one left past the
  /// last commit.
  ///
  /// - Parameter place: that of an archive that would replace this one, held so that none does.
  private static func grow(
    _ path: String, _ place: consuming Staging
  ) throws(StoreError) -> ArchiveTarget {
    let file = try File(path, .update)
    try file.lockForWriting()
    let store = try NPZStore(at: path)
    guard try file.identity() == store.archive.file.identity else {
      throw StoreError(.busy, "another program keeps replacing it", path: path)
    }
    let end = try store.archive.end.committedEnd(of: file)
    if try file.byteCount() > end { try file.resize(to: end) }
    return ArchiveTarget(file: file, staging: place, old: Old(store: store, endOffset: end))
  }

  deinit {
    if !isOver, let old {
      do throws(StoreError) {
        try file.resize(to: old.endOffset)
      } catch {
        // Readers find the last commit all the same, and the next writer cuts the file.
      }
    }
  }

  /// Puts a new archive in its place; the file has been synchronised with the disk.
  func commit() throws(StoreError) {
    isOver = true
    if old == nil, let staging = staging.take() { try staging.commit() }
  }
}

extension ZipEnd {
  /// Where the commit ends that this record tells of. The record may be a copy that a writer left behind
  /// what it was appending; the first stands right after the directory.
  func committedEnd(of file: borrowing File) throws(StoreError) -> Int {
    let directoryEnd = directoryOffset + directoryByteCount
    var start = directoryEnd
    if start + ZipFormat.end64ByteCount <= endOffset,
      try file.bytes(at: start, count: 4).zipInteger(UInt32.self, at: 0) == ZipFormat.end64
    {
      start += ZipFormat.end64ByteCount
    }
    guard start + trailer.count <= endOffset,
      try file.bytes(at: start, count: trailer.count) == trailer
    else { return endOffset }
    return start + trailer.count
  }
}
