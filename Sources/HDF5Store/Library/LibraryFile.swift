import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// A plain file whose superblock and checksum agree with its bytes, opened once, so it is read even
/// if another file takes its name.
///
/// There is no other way to open a file with libhdf5 for reading, so the library never sees damage
/// that a checksum of this package reveals.
final class LibraryFile: Sendable {
  let path: String
  let map: MappedFile
  let superblock: Superblock
  /// Whether a checksum at its end covers everything that libhdf5 reads of it.
  let hasMetadataChecksum: Bool
  private let file: File

  /// - Throws: ``StoreError/Code/unrecognized`` for a file that is not HDF5;
  ///   ``StoreError/Code/corrupt``; ``StoreError/Code/unsupported``.
  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .read)
    let map = try MappedFile(file)
    self.map = map
    let ends = try map.readingPieces(Ends.ranges(of: map)) { () throws(StoreError) in try Ends(map) }
    (superblock, hasMetadataChecksum) = (ends.superblock, ends.hasMetadataChecksum)
  }

  /// What the first and the last bytes of a file say.
  private struct Ends {
    let superblock: Superblock
    let hasMetadataChecksum: Bool

    init(_ map: MappedFile) throws(StoreError) {
      superblock = try Superblock(map)
      hasMetadataChecksum = try MetadataChecksum.check(map, superblock)
    }

    static func ranges(of map: MappedFile) -> [Range<Int>] {
      [0..<4096, map.byteCount - 4096..<map.byteCount].map { $0.clamped(to: 0..<map.byteCount) }
    }
  }

  /// A file that this package is writing, before it has its checksum.
  init(unfinished path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .read)
    map = try MappedFile(file)
    superblock = try Superblock(map)
    hasMetadataChecksum = false
  }

  /// The identity of the file, and when it last changed.
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

/// The lock that libhdf5 takes on a file it reads, which keeps programs that write to a file and
/// programs that read it apart.
///
/// A file system without locks is read without, and so is every file if `HDF5_USE_FILE_LOCKING`
/// says so, as for the library.
struct ReadersLock {
  private let descriptor: Int32

  /// - Throws: ``StoreError/Code/busy`` if a writer has its lock.
  init(_ descriptor: Int32) throws(StoreError) {
    self.descriptor = descriptor
    if let setting = unsafe getenv("HDF5_USE_FILE_LOCKING") {
      let text = unsafe String(cString: setting)
      if text == "FALSE" || text == "0" { return }
    }
    while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { return }
      throw StoreError(
        .busy, "another program has the file open for writing",
        remedy: "let it close the file, and try again")
    }
  }

  func release() { _ = flock(descriptor, LOCK_UN) }
}

/// A reader's lock that is held for as long as the value lives.
struct ReadersHold: ~Copyable {
  private let file: File

  init(_ path: String) throws(StoreError) {
    let file = try File(path, .read)
    // Closing the file releases the lock.
    _ = try ReadersLock(file.descriptor)
    self.file = file
  }
}

/// The header of an HDF5 file, read without the library, so that other files and those that are cut
/// short never reach it.
///
/// Source: HDF5 File Format Specification, version 3.0, section II.A.
struct Superblock {
  /// Where it is, after the user block if there is one; all addresses in the file count from here.
  let base: Int
  let version: UInt8
  /// Bytes of an address and of a length.
  let offsetSize: Int
  let lengthSize: Int
  /// Where the file ends as the library has it; nil for addresses of other sizes than 8 bytes.
  let end: Int?

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Where the signature is: at 0, 512, 1024, 2048 and so on.
  static func position(in bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 0
    while position <= bytes.count - signature.count {
      if unsafe bytes[position..<position + signature.count].elementsEqual(signature) { return position }
      position = position == 0 ? 512 : position * 2
    }
    return nil
  }

  /// A few words on the kind of a file without a superblock.
  private static func otherKind(of bytes: UnsafeRawBufferPointer) -> String {
    let head = unsafe String(decoding: bytes.prefix(256), as: UTF8.self)
    let text = head.trimmingPrefix(while: \.isWhitespace).lowercased()
    if bytes.count == 0 { return "it is empty; get it again" }
    if text.hasPrefix("version https://git-lfs") {
      return "it is a pointer of Git LFS, which stands for the file; get the file itself by git lfs pull"
    }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
      return "it is a web page; download the file that it leads to"
    }
    if unsafe bytes.starts(with: [0x1F, 0x8B]) { return "it is compressed by gzip; unpack it by gunzip" }
    if unsafe bytes.starts(with: [0x50, 0x4B, 3, 4]) { return "it is a zip archive; unpack it" }
    if unsafe bytes.starts(with: "MATLAB 5.0".utf8) {
      return "it is a MATLAB file of a version before 7.3; save it again by save -v7.3"
    }
    return "it has no superblock"
  }

  /// - Throws: ``StoreError/Code/unrecognized`` if it is not an HDF5 file; ``StoreError/Code/corrupt``
  ///   if it is cut short; ``StoreError/Code/unsupported``.
  init(_ file: MappedFile) throws(StoreError) {
    let bytes = unsafe file.bytes
    guard let base = unsafe Self.position(in: bytes) else {
      throw StoreError(
        .unrecognized, "this is not an HDF5 file: \(unsafe Self.otherKind(of: bytes))", path: file.path)
    }
    let cutShort = StoreError(
      .corrupt, "the file is cut short within its superblock (the header of an HDF5 file)", path: file.path)
    guard let version = unsafe bytes.integer(UInt8.self, at: base + 8) else { throw cutShort }
    guard version <= 3 else {
      throw StoreError(
        .unsupported, "the superblock (the header of the file) has version \(version)",
        remedy: "versions 0 to 3 are read",
        path: file.path)
    }
    let isOld = version < 2
    guard let offsetSize = unsafe bytes.integer(UInt8.self, at: base + (isOld ? 13 : 9)),
      let lengthSize = unsafe bytes.integer(UInt8.self, at: base + (isOld ? 14 : 10))
    else { throw cutShort }
    self.base = base
    self.version = version
    self.offsetSize = Int(offsetSize)
    self.lengthSize = Int(lengthSize)
    // Other sizes are legal, rare, and left to the library.
    guard offsetSize == 8 else {
      end = nil
      return
    }
    let addresses = base + (isOld ? (version == 0 ? 24 : 28) : 12)
    guard let statedBase = unsafe bytes.integer(UInt64.self, at: addresses),
      let end = unsafe bytes.integer(UInt64.self, at: addresses + 16)
    else { throw cutShort }
    guard statedBase == UInt64(base) else {
      throw StoreError(
        .unsupported,
        "the superblock (the header of the file) is at byte \(base), but it says it is at byte \(statedBase)",
        remedy: "rewrite the file with h5repack", path: file.path)
    }
    guard end <= UInt64(bytes.count) else {
      throw StoreError(
        .corrupt, "the file is cut short: it has \(bytes.count) of its \(end) bytes", path: file.path)
    }
    self.end = Int(end)
  }
}
