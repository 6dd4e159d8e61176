internal import CImageStoreSystem
package import ImageStoreCore
internal import ImageStorePlatform

/// An open folder whose files are read and written by relative paths that cannot leave it: neither by
/// `..` nor by a symbolic link.
///
/// The calls for one file take its path as C has it and throw an error without a path, so that
/// nothing is allocated if there is no error.
package struct Folder: ~Copyable, Sendable {
  package let path: String
  let descriptor: Int32

  package init(_ path: String) throws(StoreError) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, "opening the folder", path: path) }
    self.init(path, descriptor)
  }

  init(_ path: String, _ descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  /// Whether ``synchronize()`` covers the files below; if not, each is synced when it is written.
  package static var synchronizesFiles: Bool {
    #if os(Linux) || os(Android)
    true
    #else
    false
    #endif
  }

  /// Asks the system to begin to read a file; errors are found when it is read.
  package func request(_ name: UnsafePointer<CChar>) {
    guard let file = try? unsafe openBeneath(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, "opening it") else {
      return
    }
    _ = image_stores_request(file)
    _ = close(file)
  }

  /// Whether the first byte of a file can be read without waiting for a disk.
  package func isResident(_ name: UnsafePointer<CChar>) -> Bool {
    guard let file = try? unsafe openBeneath(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, "opening it") else {
      return true
    }
    defer { _ = close(file) }
    return image_stores_is_resident(file) != 0
  }

  /// Reads the whole of a file into `memory`, or as many of its first bytes as fit.
  ///
  /// - Returns: the bytes the file has, if `memory` has too little room for them; else nil.
  package func read(
    _ name: UnsafePointer<CChar>, into memory: PixelMemory
  ) throws(StoreError) -> Int? {
    // Without O_NONBLOCK a pipe called like an image would be waited for.
    let file = try unsafe openBeneath(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, "opening it")
    defer { _ = close(file) }
    var isFull = false
    try memory.fill { (output) throws(StoreError) in
      let capacity = output.freeCapacity
      var failure: Int32 = 0
      unsafe output.withUnsafeMutableBytes { (bytes, count) in
        while count < capacity {
          let got = unsafe pread(file, bytes.baseAddress! + count, capacity - count, off_t(count))
          if got < 0 {
            if errno == EINTR { continue }
            failure = errno
          }
          // Fewer bytes than asked for: the file ends there.
          if got < capacity - count {
            count += max(0, got)
            break
          }
          count += got
        }
        isFull = count == capacity
      }
      // Only a plain file can be read so; a pipe says ESPIPE, a folder EISDIR.
      if failure == ESPIPE || failure == EISDIR { throw Self.notPlain }
      if failure != 0 { throw Self.error(failure, "reading it") }
    }
    guard isFull else { return nil }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw Self.error(errno, "looking up its size") }
    // A device may have bytes without an end.
    guard status.st_mode & S_IFMT == S_IFREG else { throw Self.notPlain }
    return Int(status.st_size) > memory.capacity ? Int(status.st_size) : nil
  }

  private static var notPlain: StoreError { StoreError(.unrecognized, "this is not a regular file") }

  /// A folder directly below, which must not be a link.
  package func folder(_ name: String) throws(StoreError) -> Folder {
    do throws(StoreError) {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
      return Folder("\(path)/\(name)", try unsafe openBeneath(name, flags, "opening the folder"))
    } catch {
      throw error.at(path: "\(path)/\(name)")
    }
  }

  /// Writes a new file directly below, replacing any file of that name.
  ///
  /// - Parameter neighbor: an open file whose owner, attributes and mode it gets; nil for the usual
  ///   ones of new files.
  package func write(
    _ bytes: RawSpan, to name: UnsafePointer<CChar>, like neighbor: Int32? = nil
  ) throws(StoreError) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(StoreError) in
      try unsafe write(buffer, to: name, like: neighbor)
    }
  }

  /// Gives this folder the owner, attributes and mode of another.
  package func takeMetadata(of other: borrowing Folder) throws(StoreError) {
    try FileMetadata.copy(from: other.descriptor, to: descriptor, path: path)
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, to name: UnsafePointer<CChar>, like neighbor: Int32?
  ) throws(StoreError) {
    // A name without a slash that is not a link cannot lead out of the folder, so the system need
    // not check its path.
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    var file = unsafe openat(descriptor, name, flags, 0o644)
    while file < 0 && errno == EINTR { file = unsafe openat(descriptor, name, flags, 0o644) }
    guard file >= 0 else { throw Self.error(errno, "creating it") }
    defer { _ = close(file) }
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(file, bytes.baseAddress! + done, bytes.count - done, off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.error(errno, "writing it")
      }
      done += count
    }
    if let neighbor { try FileMetadata.copy(from: neighbor, to: file, path: path) }
    if !Self.synchronizesFiles, fsync(file) != 0 {
      throw Self.error(errno, "syncing it to the disk")
    }
  }

  /// Creates a folder directly below, unless it exists.
  package func createFolder(_ name: String) throws(StoreError) {
    guard unsafe mkdirat(descriptor, name, 0o755) == 0 || errno == EEXIST else {
      throw .system(errno, "creating the folder", path: "\(path)/\(name)")
    }
  }

  /// Waits until the names in the folder are on the disk.
  package func synchronizeNames() throws(StoreError) { try Descriptor.synchronize(descriptor, path) }

  /// Waits until the files written below are on the disk.
  package func synchronize() throws(StoreError) {
    if Self.synchronizesFiles {
      guard image_stores_sync_file_system(descriptor) == 0 else {
        throw .system(errno, "syncing the files to the disk", path: path)
      }
    } else {
      try synchronizeNames()
    }
  }

  func openBeneath(
    _ name: UnsafePointer<CChar>, _ flags: Int32, _ doing: String
  ) throws(StoreError) -> Int32 {
    while true {
      let file = unsafe image_stores_open_beneath(descriptor, name, flags | O_CLOEXEC, 0o644)
      if file >= 0 { return file }
      if errno != EINTR { throw Self.error(errno, doing) }
    }
  }

  private static func error(_ number: Int32, _ doing: String) -> StoreError {
    switch number {
    case EXDEV:
      StoreError(
        .invalidArgument, "the path leaves the folder through a symbolic link",
        remedy: "copy the file into the folder", underlying: .init(.posix, number))
    case ELOOP:
      StoreError(
        .invalidArgument, "the path goes through a symbolic link", remedy: "copy the file into the folder",
        underlying: .init(.posix, number))
    default: .system(number, doing, path: nil)
    }
  }
}
