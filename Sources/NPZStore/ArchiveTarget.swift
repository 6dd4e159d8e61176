import ImageStoreCore
import ImageStoreSupport

/// The file a writer works on: a new one that appears when it is committed, or an archive that grows past its
/// end and is cut back to it unless the growth is committed.
///
/// What is cut off is past the end of the last commit, and no reader reads there: all that a reader has of the file are the directory
/// and entries of one commit, which end before that commit's end record, and a commit counts for readers once its end record
/// is there. So nothing is cut off any more once this writer has begun to write that record, whether or not it comes to the disk.
///
/// A class, since its writer is the one that cannot be copied and holds the only reference.
final class ArchiveTarget {
  let file: File
  /// Where a new archive is written.
  private var staging: Staging?
  /// The archive that grows, held against other writers.
  private let held: HeldStore?
  /// The archive that grows, as it was.
  let old: Old?
  /// What this writer has written, or tried to, ends here; nil if it has not begun.
  private var writtenEnd: Int?
  private var isOver = false
  private let process = OwningProcess()

  struct Old: Sendable {
    let store: NPZStore
    /// Where its last end record ends.
    let endOffset: Int
  }

  private init(
    file: consuming File, staging: consuming Staging?, held: HeldStore?, old: Old?
  ) {
    self.file = file
    self.staging = staging
    self.held = held
    self.old = old
  }

  static func open(_ path: String, mode: WriteMode) throws(StoreError) -> ArchiveTarget {
    if mode == .append, FileSystem.kind(of: path) != nil { return try grow(path) }
    let staging = try Staging(destination: path, mode: mode) { (path) throws(StoreError) in
      try NPZStore.otherContents(at: path)
    }
    guard mode != .append || staging.isNew else {
      throw StoreError(.busy, "another program puts something there", remedy: "try again", path: path)
    }
    let file = try File(staging.path, .create)
    return ArchiveTarget(file: file, staging: staging, held: nil, old: nil)
  }

  /// Opens an archive for appending, once no other writer has it.
  private static func grow(_ path: String) throws(StoreError) -> ArchiveTarget {
    let held = try HeldStore(path)
    let file = try File(held.path, .update)
    let store = try NPZStore(at: held.path)
    guard try file.identity() == held.state.identity, store.archive.file.identity == held.state.identity
    else {
      throw StoreError(.busy, "another program keeps replacing it", remedy: "try again", path: path)
    }
    let end = store.archive.end
    let old = Old(store: store, endOffset: try end.committedEnd(of: file) ?? end.endOffset)
    return ArchiveTarget(file: file, staging: nil, held: held, old: old)
  }

  /// Cuts off what a dead writer left past the last commit. Called when all that an append relies on has been checked.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if what is there was left by no writer of this package.
  func removeLeftovers() throws(StoreError) {
    guard let old else { return }
    let byteCount = try file.byteCount()
    guard byteCount > old.endOffset else { return }
    guard try ArchiveLeftovers(file, of: old.store.archive, from: old.endOffset, to: byteCount).areOurs()
    else {
      throw StoreError(
        .unsupported,
        "\(byteCount - old.endOffset) bytes follow the archive that no writer of this package left",
        remedy:
          "cut the file to its first \(old.endOffset) bytes if they are needed no more, or convert the archive",
        path: file.path)
    }
    try file.resize(to: old.endOffset)
  }

  deinit {
    guard !isOver, process.isCurrent, let old, let writtenEnd else { return }
    do throws(StoreError) {
      // What is further on, another program wrote.
      if try file.byteCount() <= writtenEnd { try file.resize(to: old.endOffset) }
    } catch {
      // Readers find the last commit all the same, and the next writer cuts the file.
    }
  }

  /// Writes bytes that no reader counts yet.
  func write(_ bytes: RawSpan, at offset: Int) throws(StoreError) {
    writtenEnd = max(writtenEnd ?? 0, offset + bytes.byteCount)
    try file.write(bytes, at: offset)
  }

  /// Writes the end record, which makes what was written before count, and puts a new archive in its place. All else is on
  /// the disk when the record is written.
  func commit(_ record: [UInt8], at offset: Int) throws(StoreError) {
    if old != nil {
      try file.synchronize()
      try checkNobodyElseWrote()
      isOver = true
    }
    try unsafe file.write(record.span.bytes, at: offset)
    try file.synchronize()
    isOver = true
    if let staging = staging.take() { try staging.commit() }
  }

  /// Leaves an archive that nothing was appended to as it is.
  func leave() { isOver = true }

  /// Other programs know nothing of our lock.
  private func checkNobodyElseWrote() throws(StoreError) {
    guard let old, let held else { return }
    let trailer = old.store.archive.end.trailer
    guard try file.byteCount() == writtenEnd, FileIdentity(ofPath: held.path) == held.state.identity,
      try file.bytes(at: old.endOffset - trailer.count, count: trailer.count) == trailer
    else {
      throw StoreError(
        .busy, "another program changed or replaced it meanwhile",
        remedy: "look at what it did, and append again",
        path: held.path)
    }
  }
}
