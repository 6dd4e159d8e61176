import ImageStoreCore
import ImageStoreSupport

/// A plain file whose superblock and seal agree with its bytes, opened once: whatever takes its name later, this is what is read.
///
/// There is no other way to open a file with libhdf5 for reading, so the library never sees damage that a checksum of this
/// package tells of.
final class LibraryFile: Sendable {
  let path: String
  let map: MappedFile
  let superblock: Superblock
  /// Whether a seal vouches for all that libhdf5 reads of it.
  let isSealed: Bool
  private let file: File

  /// - Throws: ``StoreError/Code/unrecognized`` for what is no HDF5 file; ``StoreError/Code/corrupt``;
  ///   ``StoreError/Code/unsupported``.
  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .read)
    map = try MappedFile(file)
    superblock = try Superblock(map)
    isSealed = try MetadataSeal.check(map, superblock)
  }

  /// A file that this package is writing, before it has its seal.
  init(unfinished path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .read)
    map = try MappedFile(file)
    superblock = try Superblock(map)
    isSealed = false
  }

  /// Which file it is, and when it last changed.
  func state() throws(StoreError) -> FileState { try file.state() }

  /// Opens the file for one session.
  ///
  /// The session holds a reader's lock, as the library takes it on files that it opens itself.
  ///
  /// - Throws: ``StoreError/Code/busy`` if another program has the file open for writing.
  func withFile<Result>(
    _ body: (borrowing HDF5Session, borrowing HDF5Handle) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      return try HDF5Session.run { (session) throws(StoreError) in
        let lock = try ReadersLock(file.descriptor)
        defer { lock.release() }
        return try body(session, session.openFile(file.descriptor))
      }
    } catch {
      throw error.at(path: path)
    }
  }
}
