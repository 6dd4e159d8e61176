internal import CSystem
package import ImageStoreCore

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A place beside a store's destination where a writer works, until the store is put in its place at
/// once; what a writer leaves that is dropped goes with it, what one leaves that is killed is removed
/// by the next writer of the same destination.
///
/// The place is the folder `.NAME.partial` in the destination's folder. Its writer holds the folder's
/// advisory lock, so a second writer of the same destination is refused, and a folder without a living
/// writer is known by its lock being free.
package struct Staging: ~Copyable, Sendable {
  /// What is to be put in place.
  package let destination: String
  /// Where to write it: a file or folder to be created by the writer.
  package let path: String
  private let mode: WriteMode
  private let folder: String
  private let lock: File
  private var isOver = false
  private let process = getpid()

  /// - Parameter mode: `create` refuses an existing destination, now and at ``commit()``;
  ///   `replace` does not. A writer that appends does not stage.
  package init(destination: String, mode: WriteMode) throws(StoreError) {
    if mode == .create, FileSystem.kind(of: destination) != nil {
      throw Self.exists(destination)
    }
    let (parent, name) = FileSystem.split(destination)
    guard !name.isEmpty, name != ".", name != "..", name != "/" else {
      throw StoreError(.invalidArgument, "a store cannot be written there", path: destination)
    }
    guard FileSystem.kind(of: parent) == .folder else {
      throw StoreError(
        .notFound, "the folder it is to stand in does not exist", remedy: "create \(parent)",
        path: destination)
    }
    let folder = "\(parent)/.\(name).partial"
    let lock = try Self.takeFolder(folder, destination: destination)
    // What a dead writer left, but for the old store where it died between the two renames of replace.
    let aside = Self.aside(in: folder)
    if FileSystem.kind(of: destination) == nil, FileSystem.kind(of: aside) != nil {
      try FileSystem.rename(aside, to: destination)
    }
    for leftover in try FileSystem.names(in: folder) {
      try FileSystem.remove("\(folder)/\(leftover)")
    }
    self.destination = destination
    self.mode = mode
    self.folder = folder
    self.lock = lock
    path = "\(folder)/\(name)"
  }

  deinit {
    // An old store that could not be put back is left for the next writer to put back.
    let isNeeded =
      FileSystem.kind(of: destination) == nil && FileSystem.kind(of: Self.aside(in: folder)) != nil
    // In a child that has forked the writer is the parent's.
    if !isOver && !isNeeded && process == getpid() {
      do throws(StoreError) {
        try FileSystem.remove(folder)
      } catch {
        // Nothing can be reported from here; the next writer removes what is left.
      }
    }
  }

  /// Puts what was written at ``path`` in its place and waits until the disk knows the name. The writer
  /// has synchronised the contents of its files before.
  package consuming func commit() throws(StoreError) {
    let (parent, _) = FileSystem.split(destination)
    if FileSystem.kind(of: path) == .folder { try FileSystem.synchronizeFolder(path) }
    switch mode {
    case .replace where FileSystem.kind(of: destination) != nil:
      try Self.replace(destination, with: path, aside: Self.aside(in: folder))
    case .replace:
      try FileSystem.rename(path, to: destination)
    case .create, .append:
      try Self.place(path, at: destination)
    }
    try FileSystem.synchronizeFolder(parent)
    isOver = true
    try FileSystem.remove(folder)
  }

  /// Creates the folder or takes over that of a dead writer, and locks it.
  private static func takeFolder(
    _ folder: String, destination: String
  ) throws(StoreError) -> File {
    // The folder may go between two calls when its writer finishes just then; a few tries suffice.
    for _ in 0..<100 {
      if unsafe mkdir(folder, 0o755) != 0 && errno != EEXIST {
        throw .system(errno, "creating a folder to work in", path: folder)
      }
      if let file = try lockFolder(folder, destination: destination) { return file }
    }
    throw StoreError(.busy, "other writers keep coming and going", path: destination)
  }

  /// The folder, locked, or nil where it was removed or replaced before it was locked.
  private static func lockFolder(
    _ folder: String, destination: String
  ) throws(StoreError) -> File? {
    do throws(StoreError) {
      let file = try File(folder, .read)
      try file.lockForWriting()
      guard try file.identity() == FileIdentity(ofPath: folder) else { return nil }
      return file
    } catch {
      if error.code == .notFound { return nil }
      throw error.code == .busy ? error.relocated(to: destination) : error
    }
  }

  /// Where what is replaced stands between two renames.
  private static func aside(in folder: String) -> String { "\(folder)/replaced" }

  private static func exists(_ destination: String) -> StoreError {
    StoreError(
      .alreadyExists, "there is something already",
      remedy: "append to it, replace it, or choose another name",
      path: destination)
  }

  /// Renames where nothing is in the way, atomically where the system can.
  private static func place(_ source: String, at destination: String) throws(StoreError) {
    if unsafe image_stores_rename_exclusively(source, destination) == 0 { return }
    switch errno {
    case EEXIST, ENOTEMPTY: throw exists(destination)
    case EINVAL, ENOSYS, ENOTSUP:
      // This file system knows no such rename.
      if FileSystem.kind(of: destination) != nil { throw exists(destination) }
      try FileSystem.rename(source, to: destination)
    default: throw .system(errno, "putting it in its place", path: destination)
    }
  }

  /// Puts the new one in the place of the old one. A file replaces a file by a rename; anything else
  /// changes places with what was there, and only where the system cannot do that in one step are there
  /// two renames with a moment between them.
  private static func replace(
    _ destination: String, with source: String, aside: String
  ) throws(StoreError) {
    if FileSystem.kind(of: destination) == .file && FileSystem.kind(of: source) == .file {
      return try FileSystem.rename(source, to: destination)
    }
    if unsafe image_stores_exchange(source, destination) == 0 { return }
    switch errno {
    case EINVAL, ENOSYS, ENOTSUP: break
    default: throw .system(errno, "putting it in its place", path: destination)
    }
    try FileSystem.rename(destination, to: aside)
    do throws(StoreError) {
      try FileSystem.rename(source, to: destination)
    } catch {
      try FileSystem.rename(aside, to: destination)
      throw error
    }
  }
}

extension StoreError {
  /// The same error said of another path.
  fileprivate func relocated(to path: String) -> StoreError {
    var error = self
    error.path = path
    return error
  }
}
