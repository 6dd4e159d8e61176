import CImageStoreFaults
import ImageStorePlatform
import ImageStoreSupport

/// Files of these checks, written and removed without the code that is checked.
package enum Files {
  /// Creates a folder whose parent exists.
  package static func createFolder(_ path: String, mode: UInt32 = 0o755) throws {
    try require(unsafe mkdir(path, mode_t(mode)) == 0, "\(path) cannot be made: \(errno)")
  }

  /// Writes a file that does not exist.
  package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, mode_t(mode))
    try require(file >= 0, "\(path) cannot be made: \(errno)")
    defer { _ = close(file) }
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Write.bytes(file, $0.baseAddress! + done, $0.count - done)
      }
      try require(count > 0, "\(path) cannot be written: \(errno)")
      done += count
    }
  }

  /// Writes a file that does not exist.
  package static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Removes a file, or a folder with all it has; does nothing if nothing is there. Links are not
  /// followed, and names need not be text.
  package static func remove(_ path: String) throws {
    try require(unsafe faults_remove(path) == 0, "\(path) cannot be removed: \(errno)")
  }

  package static func rename(_ source: String, to destination: String) throws {
    try require(Write.rename(source, destination) == 0, "\(source) cannot be renamed: \(errno)")
  }

  package static func link(_ text: String, at path: String) throws {
    try require(unsafe symlink(text, path) == 0, "\(path) cannot be made: \(errno)")
  }

  /// Turns over bits of a byte.
  static func turn(_ mask: UInt8, at offset: Int, of path: String) throws {
    let file = unsafe open(path, O_RDWR)
    try require(file >= 0, "\(path) cannot be opened: \(errno)")
    defer { _ = close(file) }
    var byte: UInt8 = 0
    try require(unsafe pread(file, &byte, 1, off_t(offset)) == 1, "\(path) has no byte \(offset)")
    byte ^= mask
    try require(unsafe pwrite(file, &byte, 1, off_t(offset)) == 1, "\(path) cannot be written: \(errno)")
  }

  /// Copies a file, or a folder with all it has, with their modes. Links are copied as links.
  package static func copy(_ source: String, to destination: String) throws {
    var status = stat()
    try require(unsafe lstat(source, &status) == 0, "nothing is at \(source)")
    switch FileSystem.kind(of: source, followingLinks: false) {
    case .folder:
      try createFolder(destination, mode: 0o700)
      for name in try FileSystem.names(in: source) {
        try copy("\(source)/\(name)", to: "\(destination)/\(name)")
      }
      _ = unsafe chmod(destination, status.st_mode & 0o7777)
    case .file:
      try write(FileSystem.contents(of: source, limit: 1 << 30), to: destination)
      _ = unsafe chmod(destination, status.st_mode & 0o7777)
    default: try link(linkTarget(source), at: destination)
    }
  }

  /// The paths of all files and folders below a folder, relative to it, sorted.
  package static func allPaths(in folder: String) throws -> [String] {
    try FileSystem.names(in: folder).flatMap { name in
      FileSystem.kind(of: "\(folder)/\(name)", followingLinks: false) == .folder
        ? [name] + (try allPaths(in: "\(folder)/\(name)").map { "\(name)/\($0)" }) : [name]
    }
  }
}

/// Functions whose names stand for others above.
private enum Write {
  static func bytes(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(file, bytes, count)
  }

  static func rename(_ source: String, _ destination: String) -> Int32 {
    #if canImport(Darwin)
    unsafe Darwin.rename(source, destination)
    #elseif canImport(Glibc)
    unsafe Glibc.rename(source, destination)
    #else
    unsafe Musl.rename(source, destination)
    #endif
  }
}
