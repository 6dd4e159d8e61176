import ImageStoreCore
import StoreIO

/// The file a writer works on: a new one that appears when it is committed, or an archive that grows past its
/// end and is cut back to it unless the growth is committed.
struct ArchiveTarget: ~Copyable {
  let file: File
  private var staging: Staging?
  /// The archive that grows, as it was.
  let old: Old?
  private var isOver = false

  struct Old: Sendable {
    let store: NPZStore
    /// Where its last end record ends.
    let endOffset: Int
  }

  init(_ path: String, mode: WriteMode) throws(StoreError) {
    if mode == .append, FileSystem.kind(of: path) != nil {
      let locked = try LockedArchive(path)
      let end = try locked.store.archive.end.committedEnd(of: locked.file)
      // What a dead writer left past the last commit.
      if try locked.file.byteCount() > end { try locked.file.resize(to: end) }
      old = Old(store: locked.store, endOffset: end)
      file = locked.file
      staging = nil
    } else {
      let staging = try Staging(destination: path, mode: mode)
      file = try File(staging.path, .create)
      self.staging = consume staging
      old = nil
    }
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
  consuming func commit() throws(StoreError) {
    isOver = true
    if let staging = staging.take() { try staging.commit() }
  }
}

/// An archive that no other writer can append to.
private struct LockedArchive: ~Copyable {
  let file: File
  let store: NPZStore

  init(_ path: String) throws(StoreError) {
    for _ in 0..<100 {
      let file = try File(path, .update)
      try file.lockForWriting()
      let store = try NPZStore(at: path)
      // Another archive may have taken the name meanwhile.
      if try file.identity() == store.archive.file.identity {
        self.file = file
        self.store = store
        return
      }
    }
    throw StoreError(.busy, "other writers keep replacing it", path: path)
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
