package import ImageStoreCore
internal import ImageStorePlatform

/// A hidden folder that a writer works in, and locks meanwhile. This package deletes files only
/// inside such folders.
///
/// The folder has a mark that names it: a symbolic link without a target, because a link reaches
/// the disk with its text or not at all. A folder is not ours if it has no mark or that of another
/// folder, if it has another owner, is on another device or is open to others, or if it has a name
/// in it that no writer gives: it is left as it is, and the writer is refused. All changes in it
/// are made by its descriptor, so they happen in this folder even if its name is replaced.
final class WorkFolder: Sendable {
  let folder: Folder
  private let parent: Folder
  private let name: String
  /// A child that has forked does not clean up after its parent.
  private let process = getpid()

  static let mark = ".swift-image-stores"

  /// Creates the folder or takes over that of a dead writer, and locks it.
  ///
  /// - Parameters:
  ///   - name: its name in `parent`.
  ///   - owner: the path that errors name as busy if the lock is taken.
  ///   - isExpected: whether writers use a name in such a folder.
  init(
    _ name: String, in parent: consuming Folder, for owner: String, isExpected: (String) -> Bool
  ) throws(StoreError) {
    self.name = name
    folder = try Self.take(name, in: parent, for: owner)
    self.parent = parent
    let names = try folder.names()
    let isMarked = names.contains(Self.mark)
    if isMarked {
      try checkMark(isAlone: names.count == 1)
    } else {
      let isOurs = try Self.hasOwnMode(folder)
      guard names.isEmpty || isOurs else { throw notOurs("it does not have this package's mark") }
    }
    let unknown = names.first { $0 != Self.mark && !isExpected($0) }
    if let unknown { throw notOurs("it holds '\(unknown)'") }
    if !isMarked { try writeMark() }
  }

  /// The folder next to a destination.
  convenience init(besides destination: Destination, for owner: String) throws(StoreError) {
    let name = destination.name
    try self.init(Self.name(besides: destination), in: Folder(destination.folder), for: owner) {
      $0.hasPrefix(name) || $0 == Self.aside
    }
  }

  private static func name(besides destination: Destination) -> String { ".\(destination.name).partial" }

  /// The path of the folder next to a destination, if it exists.
  static func path(besides destination: Destination) -> String {
    Destination.joined(destination.folder, name(besides: destination))
  }

  /// The path of the replaced store between two renames, in a folder next to the destination.
  static let aside = "replaced"

  /// Removes the files that dead writers left in the folder.
  func removeContents() throws(StoreError) {
    for entry in try folder.names() where entry != Self.mark { try remove(entry) }
  }

  /// Removes a file or folder with all its contents; does nothing if it does not exist.
  func remove(_ name: String) throws(StoreError) {
    precondition(
      !name.isEmpty && name != ".." && !name.utf8.contains(UInt8(ascii: "/")), "one name in the folder")
    try unsafe folder.removeAll(name)
  }

  /// Removes the folder with all its contents. In a forked child it belongs to the parent, and
  /// stays.
  func removeAll() throws(StoreError) {
    guard process == getpid() else { return }
    try removeContents()
    try remove(Self.mark)
    guard unsafe unlinkat(parent.descriptor, name, AT_REMOVEDIR) == 0 else {
      throw .system(errno, "removing it", path: folder.path)
    }
  }

  private static func take(
    _ name: String, in parent: borrowing Folder, for owner: String
  ) throws(StoreError) -> Folder {
    let path = Destination.joined(parent.path, name)
    // The folder may disappear between two calls when its writer finishes; a few tries are enough.
    for _ in 0..<100 {
      if unsafe mkdirat(parent.descriptor, name, ownMode) != 0 && errno != EEXIST {
        throw .system(errno, "creating a temporary folder", path: path)
      }
      let descriptor = unsafe openat(parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == ENOENT || errno == EINTR { continue }
        if errno == ELOOP || errno == ENOTDIR { throw notOurs(path, "it is not a folder") }
        throw .system(errno, "opening a temporary folder", path: path)
      }
      let folder = Folder(path, descriptor)
      let status = try folder.status()
      guard status.st_uid == geteuid() else { throw notOurs(path, "another user owns it") }
      guard status.st_mode & 0o077 == 0 else { throw notOurs(path, "other users can access it") }
      guard try status.st_dev == parent.status().st_dev else {
        throw notOurs(path, "it is on another device")
      }
      do throws(StoreError) {
        try Descriptor.lockForWriting(descriptor, path)
      } catch {
        throw error.code == .busy ? error.relocated(to: owner) : error
      }
      if let there = parent.status(of: name), FileIdentity(there) == FileIdentity(status) { return folder }
    }
    throw StoreError(.busy, "gave up waiting for other writers", remedy: "try again", path: owner)
  }

  /// Open only to its owner, and with a bit that has no meaning for such a folder. The mode of a
  /// folder is on the disk as soon as the folder is, but after a power failure the mark may be
  /// missing while later files exist, or gone while earlier files are still there. So the mode also
  /// identifies such a folder.
  private static let ownMode: mode_t = 0o1700

  private static func hasOwnMode(_ folder: borrowing Folder) throws(StoreError) -> Bool {
    try folder.status().st_mode & 0o1777 == ownMode
  }

  private func markText() throws(StoreError) -> String { try Self.markText(name, folder) }

  private static func markText(_ name: String, _ folder: borrowing Folder) throws(StoreError) -> String {
    "work folder \(name) \(try folder.status().st_ino)"
  }

  private func writeMark() throws(StoreError) {
    let text = try markText()
    if unsafe symlinkat(text, folder.descriptor, Self.mark) == 0 { return }
    let reason = errno
    // A file system without symbolic links.
    guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(reason) else {
      throw .system(reason, "marking a temporary folder", path: folder.path)
    }
    let file = try File(Self.mark, in: folder, .create)
    try unsafe file.write(Array(text.utf8).span.bytes, at: 0)
    try file.synchronize()
  }

  /// Whether the folder has a mark and it is this one; nil if there is no symbolic link of that name.
  private static func hasMark(_ text: [UInt8], _ folder: borrowing Folder) -> Bool? {
    var found = [CChar](repeating: 0, count: 1024)
    let count = unsafe readlinkat(folder.descriptor, mark, &found, found.count)
    return count < 0 ? nil : found.prefix(count).elementsEqual(text.lazy.map(CChar.init(bitPattern:)))
  }

  /// Whether a folder that is not in use has the mark of a work folder, or whether its writer died
  /// before it made one.
  fileprivate static func isMarked(_ name: String, _ folder: borrowing Folder) throws(StoreError) -> Bool {
    let text = Array(try markText(name, folder).utf8)
    if let isMarked = hasMark(text, folder) { return isMarked }
    let names = try folder.names()
    let hasOwnMode = try hasOwnMode(folder)
    guard names.contains(mark) else { return names.isEmpty || hasOwnMode }
    return try File(mark, in: folder, .read).contents(limit: 1024) == text
  }

  private func checkMark(isAlone: Bool) throws(StoreError) {
    let text = Array(try markText().utf8)
    if let isMarked = Self.hasMark(text, folder) {
      guard isMarked else { throw notOurs("its mark belongs to another folder") }
      return
    }
    let bytes = try File(Self.mark, in: folder, .read).contents(limit: 1024)
    if bytes == text { return }
    // A file is written after it is created: with nothing else there, its writer died in between.
    guard text.starts(with: bytes), isAlone else {
      throw notOurs("its mark belongs to another folder")
    }
    try remove(Self.mark)
    try writeMark()
  }

  private func notOurs(_ why: String) -> StoreError { Self.notOurs(folder.path, why) }

  private static func notOurs(_ path: String, _ why: String) -> StoreError {
    StoreError(
      .alreadyExists,
      "a writer needs this path for its temporary files, but something that this package did not make is there: \(why)",
      remedy: "move it away, or remove it if it is not needed", path: path)
  }
}

extension Folder {
  /// Whether a name is that of a work folder that an append has left in the folder of a store.
  package func isWorkFolder(_ name: String) throws(StoreError) -> Bool {
    guard name == HeldStore.workFolderName, kind(of: name) == .folder else { return false }
    let folder = try folder(name)
    return try WorkFolder.isMarked(name, folder)
  }
}

extension StoreError {
  /// The same error for another path.
  func relocated(to path: String) -> StoreError {
    var error = self
    error.path = path
    return error
  }
}
