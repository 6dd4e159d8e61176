import StoreIO

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Files and folders as a disk may hold them.
struct DiskState: Hashable {
  struct Entry: Hashable {
    enum Content: Hashable {
      case folder
      case file([UInt8])
      case link(String)
    }
    /// Relative to the root, whose own is empty; folders come before what is in them.
    let path: String
    let kind: Content
    let mode: UInt32
    /// As it was numbered where the trace was made.
    let inode: UInt64
  }

  var entries: [Entry] = []

  /// Makes the files in a folder that does not exist yet.
  ///
  /// A disk keeps the numbers of its files, a copy cannot: a link whose text has the number of the folder it stands in
  /// gets the new one.
  func materialize(at root: String) throws {
    var inodes: [String: (was: UInt64, isNow: UInt64)] = [:]
    var folders: [(path: String, mode: UInt32)] = []
    for entry in entries {
      let path = entry.path.isEmpty ? root : "\(root)/\(entry.path)"
      switch entry.kind {
      case .folder:
        try Files.createFolder(path)
        inodes[path] = (entry.inode, FileIdentity(ofPath: path)?.inode ?? 0)
        folders.append((path, entry.mode))
      case .file(let bytes):
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try require(file >= 0, "\(path) cannot be made")
        defer { _ = close(file) }
        let written = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        try require(
          written == bytes.count && fchmod(file, mode_t(entry.mode)) == 0, "\(path) cannot be written")
      case .link(let text):
        let (was, isNow) = inodes[FileSystem.split(path).folder] ?? (0, 0)
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let said = words.map { $0 == "\(was)" ? "\(isNow)" : String($0) }.joined(separator: " ")
        try require(unsafe symlink(said, path) == 0, "\(path) cannot be made")
      }
    }
    for (path, mode) in folders.reversed() {
      try require(unsafe chmod(path, mode_t(mode)) == 0, "\(path) cannot be given its mode")
    }
  }

  /// A line that says what is there, for a report.
  var summary: String {
    entries.dropFirst().map { entry in
      switch entry.kind {
      case .folder: "\(entry.path)/"
      case .file(let bytes): "\(entry.path) \(bytes.count)"
      case .link: "\(entry.path) ->"
      }
    }.joined(separator: ", ")
  }
}
