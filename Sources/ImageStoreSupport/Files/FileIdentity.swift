internal import ImageStorePlatform

/// The identity of a file, independent of its name.
package struct FileIdentity: Sendable, Hashable {
  package let device: UInt64
  package let inode: UInt64

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// The identity of what is at a path now, or nil if nothing is.
  package init?(ofPath path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The identity of an open file, or nil if the descriptor is of none.
  package init?(ofDescriptor descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// The identity of a file, and when it last changed. Two equal states mean that nobody wrote to the
/// file in between, as far as the clock of its file system shows.
package struct FileState: Sendable, Hashable {
  package let identity: FileIdentity
  package let byteCount: Int
  /// When the contents changed, in nanoseconds.
  package let modified: Int
  /// When the contents, the name, the mode or the owner changed, in nanoseconds.
  package let changed: Int

  init(_ status: stat) {
    func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec) }
    identity = FileIdentity(status)
    byteCount = Int(status.st_size)
    #if canImport(Darwin)
    modified = nanoseconds(status.st_mtimespec)
    changed = nanoseconds(status.st_ctimespec)
    #else
    modified = nanoseconds(status.st_mtim)
    changed = nanoseconds(status.st_ctim)
    #endif
  }

  /// The state of what is at a path now, or nil if nothing is.
  package init?(ofPath path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Whether the contents are the same. A rename changes only ``changed`` of the renamed file.
  package func hasSameContents(as other: FileState) -> Bool {
    identity == other.identity && byteCount == other.byteCount && modified == other.modified
  }
}
