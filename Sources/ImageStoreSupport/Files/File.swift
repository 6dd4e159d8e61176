package import ImageStoreCore
internal import ImageStorePlatform

/// An open file, which is closed when the value is destroyed.
package struct File: ~Copyable, Sendable {
  package let descriptor: Int32
  package let path: String

  package enum Access: Sendable {
    case read
    /// For reading and writing; the file must exist.
    case update
    /// For reading and writing; the file must not exist.
    case create
  }

  /// Opens a regular file. Nothing else is waited for or read: neither a pipe nor a device.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` if it is not a regular file.
  package init(_ path: String, _ access: Access) throws(StoreError) {
    try self.init(at: AT_FDCWD, path, access, path: path)
  }

  /// Opens a regular file directly in a folder.
  ///
  /// - Parameter followingLinks: whether it may be a symbolic link to one.
  package init(
    _ name: String, in folder: borrowing Folder, _ access: Access, followingLinks: Bool = false
  ) throws(StoreError) {
    try self.init(
      at: folder.descriptor, name, access, also: followingLinks ? 0 : O_NOFOLLOW,
      path: Destination.joined(folder.path, name))
  }

  private init(
    at folder: Int32, _ name: String, _ access: Access, also flags: Int32 = 0, path: String
  ) throws(StoreError) {
    let flags =
      switch access {
      case .read: O_RDONLY | flags
      case .update: O_RDWR | flags
      case .create: O_RDWR | O_CREAT | O_EXCL | flags
      }
    // Without O_NONBLOCK a pipe would be waited for.
    let all = flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    var descriptor = unsafe openat(folder, name, all, 0o644)
    while descriptor < 0 && errno == EINTR { descriptor = unsafe openat(folder, name, all, 0o644) }
    guard descriptor >= 0 else {
      // Files that cannot be opened like this: a link that is not followed, a socket, a pipe
      // without a reader, a folder for writing.
      if errno == ELOOP || errno == ENXIO || errno == EISDIR { throw Self.notPlain(path, errno) }
      throw .system(errno, "opening it", path: path)
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      throw Self.notPlain(path, 0)
    }
    self.descriptor = descriptor
    self.path = path
  }

  private static func notPlain(_ path: String, _ number: Int32) -> StoreError {
    let what =
      switch FileSystem.mode(of: path) & S_IFMT {
      case S_IFDIR: "a folder"
      case S_IFLNK: "a symbolic link"
      case S_IFIFO: "a pipe"
      case S_IFSOCK: "a socket"
      case S_IFCHR, S_IFBLK: "a device"
      default: "something else"
      }
    return StoreError(
      .unrecognized, "expected a file, found \(what)", path: path,
      underlying: number == 0 ? nil : .init(.posix, number))
  }

  deinit { _ = close(descriptor) }

  /// Bytes in the file.
  package func byteCount() throws(StoreError) -> Int {
    try Int(status().st_size)
  }

  /// The identity of the file.
  package func identity() throws(StoreError) -> FileIdentity {
    try FileIdentity(status())
  }

  /// The identity of the file, and when it last changed.
  package func state() throws(StoreError) -> FileState {
    try FileState(status())
  }

  func status() throws(StoreError) -> stat {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system(errno, "looking up its size", path: path)
    }
    return status
  }

  /// Fills `buffer` with the bytes from `offset`.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the file ends before.
  package func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(
        descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(errno, "reading it", path: path)
      }
      guard count > 0 else {
        throw StoreError(
          .corrupt,
          "the file is cut short: \(buffer.count) bytes were expected from byte \(offset) on, but it ends at \(offset + done)",
          path: path)
      }
      done += count
    }
  }

  /// The whole of a small file.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if it has more than `limit` bytes.
  package func contents(limit: Int) throws(StoreError) -> [UInt8] {
    let count = try byteCount()
    guard count <= limit else {
      throw StoreError(
        .limitExceeded, "the file has \(count) bytes, but at most \(limit) are expected", path: path)
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe read(at: 0, into: buffer)
    }
    return bytes
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(errno, "writing it", path: path)
      }
      done += count
    }
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: RawSpan, at offset: Int) throws(StoreError) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(StoreError) in
      try unsafe write(buffer, at: offset)
    }
  }

  /// Writes parts that are apart in memory, one after another from `offset`.
  package func write(_ parts: [UnsafeRawBufferPointer], at offset: Int) throws(StoreError) {
    var rest = unsafe parts.map {
      unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
    }[...]
    var offset = offset
    while unsafe !rest.isEmpty {
      // Linux and Darwin take 1024 at once.
      var written = unsafe pwritev(
        descriptor, Array(rest.prefix(1024)), Int32(min(rest.count, 1024)), off_t(offset))
      if written < 0 {
        if errno == EINTR { continue }
        throw .system(errno, "writing it", path: path)
      }
      offset += written
      while let part = unsafe rest.first, unsafe written >= part.iov_len {
        unsafe written -= part.iov_len
        unsafe rest.removeFirst()
      }
      if written > 0 {
        unsafe rest[rest.startIndex].iov_base += written
        unsafe rest[rest.startIndex].iov_len -= written
      }
    }
  }

  /// Cuts or extends the file.
  package func resize(to byteCount: Int) throws(StoreError) {
    while ftruncate(descriptor, off_t(byteCount)) != 0 {
      if errno != EINTR { throw .system(errno, "resizing it", path: path) }
    }
  }

  /// Waits until the written bytes are on the disk.
  package func synchronize() throws(StoreError) { try Descriptor.synchronize(descriptor, path) }

  /// Takes the file's advisory lock for writers, until the file is closed.
  ///
  /// - Throws: ``StoreError/Code/busy`` if another writer holds it. A file system without locks is
  ///   assumed to have a single writer.
  package func lockForWriting() throws(StoreError) { try Descriptor.lockForWriting(descriptor, path) }

  /// Ends the lock; see ``Descriptor/unlock(_:)``.
  package func unlock() { Descriptor.unlock(descriptor) }
}

/// The common interface of files and folders.
enum Descriptor {
  static func synchronize(_ descriptor: Int32, _ path: String) throws(StoreError) {
    #if canImport(Darwin)
    // fsync hands the bytes to the drive only; F_FULLFSYNC makes the drive write them.
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    while fsync(descriptor) != 0 {
      // A file system that cannot synchronise folders says EINVAL.
      if errno == EINVAL { return }
      if errno != EINTR { throw .system(errno, "syncing it to the disk", path: path) }
    }
  }

  /// Ends the lock of the process that took it; a forked child must not call this.
  ///
  /// Closing the file is not enough: a process that another thread is starting has a copy of every
  /// descriptor until it runs its own program, and the lock would last until then.
  static func unlock(_ descriptor: Int32) { _ = flock(descriptor, LOCK_UN) }

  static func lockForWriting(_ descriptor: Int32, _ path: String) throws(StoreError) {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        throw StoreError(
          .busy, "another process is writing to it",
          remedy: "wait for it to finish, or end it, and try again", path: path)
      case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: return
      default: throw .system(errno, "locking it", path: path)
      }
    }
  }
}
