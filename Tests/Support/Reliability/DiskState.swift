import CImageStoreFaults
import ImageStorePlatform
import ImageStoreSupport

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
  /// When the files were last written to, in nanoseconds. Two states that differ in nothing else are one.
  var modified: [String: Int] = [:]

  static func == (one: DiskState, other: DiskState) -> Bool { one.entries == other.entries }
  func hash(into hasher: inout Hasher) { hasher.combine(entries) }

  /// Makes the files in a folder that does not exist yet.
  ///
  /// - Returns: the inode of each, and the one it had; see ``renumber(_:)``.
  @discardableResult
  func materialize(at root: String) throws -> [UInt64] {
    var inodes: [UInt64] = []
    var folders: [(path: String, mode: UInt32)] = []
    for entry in entries {
      let path = entry.path.isEmpty ? root : "\(root)/\(entry.path)"
      switch entry.kind {
      case .folder:
        try Files.createFolder(path)
        folders.append((path, entry.mode))
      case .file(let bytes):
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try require(file >= 0, "\(path) cannot be made")
        defer { _ = close(file) }
        let written = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        try require(
          written == bytes.count && fchmod(file, mode_t(entry.mode)) == 0, "\(path) cannot be written")
        if let time = modified[entry.path] {
          var times = [timespec(), timespec()]
          times[0] = timespec(tv_sec: time / 1_000_000_000, tv_nsec: time % 1_000_000_000)
          times[1] = times[0]
          try require(unsafe futimens(file, &times) == 0, "\(path) cannot be given its time")
        }
      case .link(let text): try Files.link(text, at: path)
      }
      var status = stat()
      try require(unsafe lstat(path, &status) == 0, "\(path) is gone")
      inodes += [UInt64(status.st_ino), entry.inode]
    }
    for (path, mode) in folders.reversed() {
      try require(unsafe chmod(path, mode_t(mode)) == 0, "\(path) cannot be given its mode")
    }
    return inodes
  }

  /// Lets files seem to have the inodes they had. A disk keeps the numbers of its files, and copies
  /// of them have others.
  static func renumber(_ inodes: [UInt64]) {
    unsafe inodes.map { CUnsignedLongLong($0) }.withUnsafeBufferPointer {
      unsafe faults_renumber($0.baseAddress, $0.count / 2)
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
