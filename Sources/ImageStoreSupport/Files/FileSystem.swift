package import ImageStoreCore
internal import ImageStorePlatform

/// Files and folders by their paths.
package enum FileSystem {
  package enum Kind: Sendable {
    case file, folder, other

    init(_ status: stat) {
      self =
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }
  }

  /// The kind of the file at a path, or nil if there is none.
  ///
  /// - Parameter followingLinks: whether a symbolic link has the kind of its target, or
  ///   ``Kind/other``.
  package static func kind(of path: String, followingLinks: Bool = true) -> Kind? {
    var status = stat()
    guard unsafe (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    return Kind(status)
  }

  /// The mode of the file at a path, without following a symbolic link; 0 if there is none.
  static func mode(of path: String) -> mode_t {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status.st_mode : 0
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  package static func names(in folder: String) throws(StoreError) -> [String] {
    guard let stream = unsafe opendir(folder) else {
      throw .system(errno, "opening the folder", path: folder)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw .system(errno, "reading the folder", path: folder) }
        break
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Creates a folder whose parent exists.
  package static func createFolder(_ path: String) throws(StoreError) {
    guard unsafe mkdir(path, 0o755) == 0 else {
      throw .system(errno, "creating the folder", path: path)
    }
  }

  /// Gives a file or folder another name; a file or an empty folder at the new name is replaced.
  package static func rename(_ source: String, to destination: String) throws(StoreError) {
    #if canImport(Darwin)
    let result = unsafe Darwin.rename(source, destination)
    #elseif canImport(Glibc)
    let result = unsafe Glibc.rename(source, destination)
    #else
    let result = unsafe Musl.rename(source, destination)
    #endif
    guard result == 0 else { throw .system(errno, "moving it into place", path: destination) }
  }

  /// Waits until the names in a folder are on the disk.
  package static func synchronizeFolder(_ path: String) throws(StoreError) {
    try Folder(path).synchronizeNames()
  }

  /// The whole of a small file.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if it has more than `limit` bytes.
  package static func contents(of path: String, limit: Int) throws(StoreError) -> [UInt8] {
    try File(path, .read).contents(limit: limit)
  }

  /// Writes a new file and syncs it to the disk.
  package static func write(_ bytes: [UInt8], toNewFile path: String) throws(StoreError) {
    let file = try File(path, .create)
    try unsafe file.write(bytes.span.bytes, at: 0)
    try file.synchronize()
  }

  /// The folder a path is in and its last component, without slashes at the end.
  package static func split(_ path: String) -> (folder: String, name: String) {
    var trimmed = path[...]
    while trimmed.count > 1 && trimmed.last == "/" { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return (".", String(trimmed)) }
    let folder = trimmed[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(trimmed[trimmed.index(after: slash)...]))
  }

  /// The bytes of a file, or of all files below a folder: by their sizes, and as stored on the
  /// disk.
  package static func bytesOnDisk(_ path: String) throws(StoreError) -> (apparent: Int, allocated: Int) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw .system(errno, "looking up its size", path: path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return (Int(status.st_size), Int(status.st_blocks) * 512)
    }
    return try bytesOnDisk(in: Folder(path))
  }

  /// Names need not be UTF-8, so not all files have a path that is text.
  private static func bytesOnDisk(
    in folder: borrowing Folder
  ) throws(StoreError) -> (apparent: Int, allocated: Int) {
    var total = (apparent: 0, allocated: 0)
    for name in try folder.rawNames() {
      var status = stat()
      guard unsafe fstatat(folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        throw .system(errno, "looking up its size", path: folder.path)
      }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        total.apparent += Int(status.st_size)
        total.allocated += Int(status.st_blocks) * 512
        continue
      }
      let descriptor = unsafe openat(folder.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system(errno, "opening the folder", path: folder.path) }
      let part = try bytesOnDisk(in: Folder(folder.path, descriptor))
      total.apparent += part.apparent
      total.allocated += part.allocated
    }
    return total
  }
}

extension StoreError {
  /// The error for a system call that failed.
  ///
  /// - Parameters:
  ///   - number: `errno` as the call left it.
  ///   - doing: the action, such as `opening it`.
  package static func system(_ number: Int32, _ doing: String, path: String?) -> StoreError {
    let reason = unsafe String(cString: strerror(number))
    let (code, remedy): (Code, String?) =
      switch number {
      case ENOENT: (.notFound, nil)
      case EEXIST, ENOTEMPTY: (.alreadyExists, nil)
      case EACCES, EPERM, EROFS: (.system, "check who may read and write there")
      case ENOSPC, EDQUOT: (.system, "make room on the disk")
      case EMFILE, ENFILE: (.system, "close files or raise the limit of open files")
      case EFBIG: (.system, "raise the limit of a file's size")
      default: (.system, nil)
      }
    return StoreError(
      code, "\(doing) failed: \(reason)", remedy: remedy, path: path, underlying: .init(.posix, number))
  }
}
