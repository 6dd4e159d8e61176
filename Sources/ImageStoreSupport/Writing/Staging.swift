package import ImageStoreCore
internal import ImageStorePlatform

/// The place next to a store's destination where a writer works, until the store is moved into
/// place in one step. If a writer is dropped, its files are removed with it; if it is killed, the
/// next writer of the same destination removes them.
///
/// The place is a ``WorkFolder`` called `.NAME.partial` in the destination's folder. A store that
/// will be replaced is locked while the writer works, must not change after the writer began, and
/// is examined again once it has been moved out of the way: only then is it deleted, or put back.
package struct Staging: ~Copyable, Sendable {
  /// The destination as it was given, for errors.
  package let destination: String
  /// Where to write: a file or folder that the writer creates.
  package let path: String
  /// Whether there was nothing at the destination.
  package var isNew: Bool { old == nil }
  private let mode: WriteMode
  private let target: Destination
  private let parent: Folder
  private let work: WorkFolder
  /// The existing file or folder at the destination.
  private let old: Old?
  private let otherContents: OtherContents
  private var isOver = false

  /// Describes in a few words the contents of a path that are not part of a finished store that
  /// this package wrote in one format, such as `a folder with notes.txt besides a store`; nil if
  /// every file is part of such a store.
  package typealias OtherContents = @Sendable (_ path: String) throws(StoreError) -> String?

  private struct Old: Sendable {
    let identity: FileIdentity
    /// Nil if it is neither a file nor a folder.
    let held: HeldStore?
  }

  /// - Parameters:
  ///   - destination: the path of the store; a symbolic link is followed.
  ///   - mode: `create` refuses an existing destination, now and at ``commit()``. `replace`
  ///     replaces a destination that `otherContents` finds to be a store of the package,
  ///     `replaceAnything` any destination. `append` is for writers that rewrite an existing file:
  ///     they replace exactly that file, if it is unchanged, and keep its mode, owner and
  ///     attributes.
  ///   - otherContents: see ``OtherContents``.
  package init(
    destination: String, mode: WriteMode, otherContents: @escaping OtherContents
  ) throws(StoreError) {
    let target = try Destination(destination)
    let parent = try Folder(target.folder)
    let there = parent.status(of: target.name)
    if mode == .create, there != nil { throw Self.exists(destination) }
    let name = target.name
    let work = try WorkFolder(besides: target, for: destination)
    let old: Old?
    do throws(StoreError) {
      // An old store whose writer died between the two renames of a replacement.
      if there == nil, work.folder.kind(of: WorkFolder.aside) != nil {
        try work.folder.moveExclusively(WorkFolder.aside, to: parent, as: name)
      }
      try work.removeContents()
      old = try Self.hold(target, in: parent, destination)
      if let old { try Self.check(old, target, mode, destination, otherContents) }
    } catch {
      if work.folder.kind(of: WorkFolder.aside) == nil { try? work.removeAll() }
      throw error
    }
    self.destination = destination
    self.mode = mode
    self.target = target
    self.old = old
    self.parent = parent
    self.work = work
    self.otherContents = otherContents
    path = "\(work.folder.path)/\(name)"
  }

  deinit {
    // An old store that could not be put back is left for the next writer to put back.
    let isNeeded = parent.kind(of: target.name) == nil && work.folder.kind(of: WorkFolder.aside) != nil
    // The next writer removes what cannot be removed now.
    if !isOver && !isNeeded { try? work.removeAll() }
  }

  /// Removes the file with a name next to ``path`` that begins with the name of the destination.
  package func remove(_ name: String) throws(StoreError) { try work.remove(name) }

  /// Renames a file next to ``path``, replacing a file of the writer with the new name: both are
  /// paths in that folder.
  package func rename(_ source: String, to destination: String) throws(StoreError) {
    try work.folder.move(
      FileSystem.split(source).name, over: FileSystem.split(destination).name, in: work.folder)
  }

  /// Moves the store written at ``path`` into place and waits until its name is on the disk. The
  /// writer has already synced the contents of its files.
  package consuming func commit() throws(StoreError) {
    let name = target.name
    if work.folder.kind(of: name) == .folder { try work.folder.folder(name).synchronizeNames() }
    if let old {
      try replace(old)
    } else {
      do throws(StoreError) {
        try work.folder.moveExclusively(name, to: parent, as: name)
      } catch {
        throw error.code == .alreadyExists ? Self.exists(destination) : error
      }
    }
    try parent.synchronizeNames()
    isOver = true
    // The store is in place; the next writer removes what cannot be removed now.
    try? work.removeAll()
  }

  private static func hold(
    _ target: Destination, in parent: borrowing Folder, _ given: String
  ) throws(StoreError) -> Old? {
    guard let status = parent.status(of: target.name) else { return nil }
    let isOther = FileSystem.Kind(status) == .other
    return Old(
      identity: FileIdentity(status), held: isOther ? nil : try HeldStore(target, given, beside: nil))
  }

  /// Refuses what must not be replaced.
  private static func check(
    _ old: Old, _ target: Destination, _ mode: WriteMode, _ given: String, _ otherContents: OtherContents
  ) throws(StoreError) {
    // A device that loses its name is lost for the whole machine.
    guard mode == .create || old.held != nil else {
      throw StoreError(
        .alreadyExists, "this is neither a file nor a folder, so it is not replaced",
        remedy: "choose another name",
        path: given)
    }
    switch mode {
    case .create: throw exists(given)
    case .replaceAnything: return
    case .replace:
      guard let found = try otherContents(target.path) else { return }
      throw StoreError(
        .alreadyExists, "only a store that this package wrote is replaced, and this is \(found)",
        remedy: "choose another name, or replace it with force if it is not needed", path: given)
    case .append:
      if let held = old.held, held.kind == .file, held.linkCount() > 1 {
        throw StoreError(
          .unsupported,
          "the file has other names (hard links), which would keep the old contents after an append",
          remedy: "remove the other names, or convert to a new store", path: given)
      }
    }
  }

  private static func exists(_ destination: String) -> StoreError {
    StoreError(
      .alreadyExists, "a file or folder already exists",
      remedy: "choose another name, or append to it if it is a store", path: destination)
  }

  /// Replaces the old store by the new one. The two are exchanged in one step; only if the system
  /// cannot do that, there are two renames with a moment between them.
  private borrowing func replace(_ old: Old) throws(StoreError) {
    let name = target.name
    guard let now = parent.status(of: name), FileIdentity(now) == old.identity else { throw changed() }
    try giveMetadata(of: old, FileSystem.Kind(now))
    if try work.folder.exchange(name, with: name, in: parent) {
      do throws(StoreError) {
        try checkOut(old, as: name)
      } catch {
        _ = try work.folder.exchange(name, with: name, in: parent)
        throw error
      }
      return
    }
    try parent.moveExclusively(name, to: work.folder, as: WorkFolder.aside)
    do throws(StoreError) {
      try checkOut(old, as: WorkFolder.aside)
      try work.folder.moveExclusively(name, to: parent, as: name)
    } catch {
      try work.folder.moveExclusively(WorkFolder.aside, to: parent, as: name)
      throw error
    }
  }

  /// Examines the store once more after it has been moved out of the way, where nobody else can
  /// reach it.
  private borrowing func checkOut(_ old: Old, as name: String) throws(StoreError) {
    guard let out = work.folder.state(of: name), out.identity == old.identity else { throw changed() }
    switch mode {
    case .append:
      if let held = old.held, !held.state.hasSameContents(as: out) { throw changed() }
    case .replace:
      if let found = try otherContents("\(work.folder.path)/\(name)") {
        throw StoreError(
          .busy, "another program changed it in the meantime: it is now \(found)",
          remedy: "check what it changed, and try again",
          path: destination)
      }
    case .create, .replaceAnything: break
    }
  }

  private borrowing func giveMetadata(
    of old: Old, _ kind: FileSystem.Kind
  ) throws(StoreError) {
    guard let held = old.held, work.folder.kind(of: target.name) == kind else { return }
    let descriptor = unsafe openat(work.folder.descriptor, target.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, "opening it", path: path) }
    defer { _ = close(descriptor) }
    do throws(StoreError) {
      try held.giveMetadata(to: descriptor)
    } catch {
      // A replacement is another store; an append is not.
      if mode == .append { throw error }
    }
  }

  private borrowing func changed() -> StoreError {
    StoreError(
      .busy, "another program changed or replaced it in the meantime",
      remedy: "check what it changed, and try again",
      path: destination)
  }
}
