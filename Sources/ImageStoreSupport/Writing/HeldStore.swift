package import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// An existing store, locked against other writers of this package while it is appended to,
/// rewritten or replaced.
///
/// A store that is a folder is locked itself, so the lock holds for any path to it and needs no
/// right to write to the folder around it. For a file, the temporary folder of a ``Staging`` next
/// to it is locked: a lock on the file would keep libhdf5 from reading it. A file that grows in
/// place is locked too, because it may have several names.
package final class HeldStore: Sendable {
  /// The path without any symbolic link.
  package let path: String
  package let kind: FileSystem.Kind
  /// The state of the store when it was locked. For a folder, the times mean nothing.
  package let state: FileState
  private let lock: Lock
  /// The folder that a staging writer of the same file would work in.
  private let beside: WorkFolder?
  /// The folder for new files of a store that is a folder, once there is one.
  private let work = Mutex<WorkFolder?>(nil)

  private struct Lock: ~Copyable, Sendable {
    let descriptor: Int32
    private let process = OwningProcess()

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
      if process.isCurrent { Descriptor.unlock(descriptor) }
      _ = close(descriptor)
    }
  }

  /// The name of the folder inside the store that appends work in.
  package static let workFolderName = ".append.partial"
  /// The files that ``replaceFile(_:with:expecting:)`` and ``prepareFile(with:)`` may leave there
  /// if their writer dies.
  package static let workNames = [WorkFolder.mark, scratch, prepared]

  /// Every name that a backend gives there.
  private static let knownWork = Set(
    [scratch, prepared, removed, "images", "edit", "plan", "undone", "store.json", "data.mdb", "lock.mdb"])

  /// - Throws: ``StoreError/Code/busy`` if another writer is working on it; ``StoreError/Code/notFound``;
  ///   ``StoreError/Code/unrecognized`` if it is neither a file nor a folder.
  package convenience init(_ given: String) throws(StoreError) {
    let destination = try Destination(given)
    let isFile = FileSystem.kind(of: destination.path) == .file
    try self.init(destination, given, beside: isFile ? WorkFolder(besides: destination, for: given) : nil)
    if !isFile { Self.removeDeadWork(besides: destination, given) }
  }

  /// Removes the temporary folder next to a store of a writer that died after it had moved the
  /// store into place. The folder need not exist, and that of a living writer, or of another
  /// program, stays.
  private static func removeDeadWork(besides destination: Destination, _ given: String) {
    guard FileSystem.kind(of: WorkFolder.path(besides: destination), followingLinks: false) == .folder else {
      return
    }
    try? WorkFolder(besides: destination, for: given).removeAll()
  }

  /// - Parameter beside: nil for a file whose work folder is locked already.
  init(_ destination: Destination, _ given: String, beside: WorkFolder?) throws(StoreError) {
    let parent = try Folder(destination.folder)
    // A writer that replaces the store may give its name to another between our opening it and our
    // locking it; then we try again.
    for _ in 0..<100 {
      let descriptor = unsafe openat(
        parent.descriptor, destination.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == EINTR { continue }
        throw .system(errno, "opening it", path: given)
      }
      let lock = Lock(descriptor: descriptor)
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else {
        throw .system(errno, "looking up its size", path: given)
      }
      let kind = FileSystem.Kind(status)
      guard kind != .other else {
        throw StoreError(.unrecognized, "this is neither a file nor a folder", path: given)
      }
      if kind == .folder || beside != nil { try Descriptor.lockForWriting(descriptor, given) }
      let state = FileState(status)
      guard let there = parent.state(of: destination.name), there.identity == state.identity else { continue }
      path = destination.path
      self.kind = kind
      self.lock = lock
      self.beside = beside
      self.state = there
      return
    }
    throw StoreError(.busy, "other programs keep replacing it", remedy: "try again", path: given)
  }

  deinit {
    work.withLock { work in
      // The next writer removes what cannot be removed now.
      if let work = work.take() { try? work.removeAll() }
    }
    try? beside?.removeAll()
  }

  /// Gives the store's owner, attributes and mode to its replacement.
  func giveMetadata(to descriptor: Int32) throws(StoreError) {
    try FileMetadata.copy(from: lock.descriptor, to: descriptor, path: path)
  }

  /// How many names the file has.
  func linkCount() -> Int {
    var status = stat()
    return unsafe fstat(lock.descriptor, &status) == 0 ? Int(status.st_nlink) : 1
  }

  /// The path of a folder inside the store, for files that will be moved into the store; nobody
  /// else works there. It is removed with this value, unless ``keepWork()`` was called.
  ///
  /// - Parameter removingLeftovers: whether the files that a dead writer left there are removed
  ///   first. If not, the caller removes them.
  package func workFolder(removingLeftovers: Bool = true) throws(StoreError) -> String {
    try withWork(removingLeftovers) { (work) throws(StoreError) in work.folder.path }
  }

  /// Removes the file with a name in ``workFolder(removingLeftovers:)``.
  package func removeWork(_ name: String) throws(StoreError) {
    try withWork(false) { (work) throws(StoreError) in try work.remove(name) }
  }

  /// Removes everything in ``workFolder(removingLeftovers:)``.
  package func removeAllWork() throws(StoreError) {
    try withWork(false) { (work) throws(StoreError) in try work.removeContents() }
  }

  /// Moves a file or folder from the work folder to a free place in the store.
  ///
  /// - Parameters:
  ///   - name: its path within ``workFolder(removingLeftovers:)``, of one or two names.
  ///   - destination: its path within the store's folder, of one or two names.
  /// - Throws: ``StoreError/Code/alreadyExists`` if something is there.
  package func moveWork(_ name: String, to destination: String) throws(StoreError) {
    try withWork(false) { (work) throws(StoreError) in
      try Self.within(work.folder, name) { (from, name) throws(StoreError) in
        try Self.within(root(), destination) { (to, newName) throws(StoreError) in
          try from.moveExclusively(name, to: to, as: newName)
        }
      }
    }
  }

  /// Replaces or creates a file of the store's folder: readers see the old bytes or the new ones.
  /// Mode, owner and extended attributes stay; a new file gets those of its neighbor.
  ///
  /// - Parameters:
  ///   - name: the file's path within the store's folder, of one or two names.
  ///   - bytes: its new contents.
  ///   - known: the state of the file when it was read; nil skips the comparison.
  ///   - neighbor: a file directly in the store's folder; nil leaves a new file as new files are.
  /// - Throws: ``StoreError/Code/unsupported`` for a file that a rename would harm: a symbolic
  ///   link, or one of several hard links; ``StoreError/Code/busy`` if the file has changed.
  package func replaceFile(
    _ name: String, with bytes: [UInt8], expecting known: FileState? = nil, like neighbor: String? = nil
  ) throws(StoreError) {
    try withWork(nil) { (work) throws(StoreError) in
      try Self.within(root(), name) { (folder, name) throws(StoreError) in
        try Self.write(bytes, as: Self.scratch, in: work)
        if let neighbor, folder.status(of: name) == nil {
          try File(Self.scratch, in: work.folder, .update).takeMetadata(of: File(neighbor, in: root(), .read))
        }
        try Self.put(Self.scratch, as: name, in: folder, known, from: work)
      }
    }
  }

  /// Removes a file or a folder of the store that this package wrote, if it exists: it is moved out
  /// of the store in one step.
  ///
  /// - Parameter name: its path within the store's folder, of one or two names.
  package func removeFile(_ name: String) throws(StoreError) {
    try withWork(nil) { (work) throws(StoreError) in
      let root = try root()
      let names = name.split(separator: "/").map(String.init)
      if names.count == 2, root.kind(of: names[0]) != .folder { return }
      try Self.within(root, name) { (folder, name) throws(StoreError) in
        guard folder.kind(of: name) != nil else { return }
        try? work.remove(Self.removed)
        try folder.moveExclusively(name, to: work.folder, as: Self.removed)
        try folder.synchronizeNames()
        // It is no longer in the store; the next writer removes it if it cannot be removed now.
        try? work.remove(Self.removed)
      }
    }
  }

  /// Creates a folder in the store's folder, with the same owner, attributes and mode; does nothing
  /// if it exists.
  ///
  /// - Parameter name: its name.
  package func createFolder(_ name: String) throws(StoreError) {
    let root = try root()
    guard root.kind(of: name) == nil else { return }
    try root.createFolder(name)
    try root.folder(name).takeMetadata(of: root)
    try root.synchronizeNames()
  }

  /// Writes a file for ``putPreparedFile(as:)``, which then needs no more space on the disk.
  package func prepareFile(with bytes: [UInt8]) throws(StoreError) {
    try withWork(nil) { (work) throws(StoreError) in
      try Self.write(bytes, as: Self.prepared, in: work)
      try File(Self.prepared, in: work.folder, .update).synchronize()
    }
  }

  /// Replaces a file of the store's folder by the prepared file, as
  /// ``replaceFile(_:with:expecting:)`` does.
  package func putPreparedFile(as name: String) throws(StoreError) {
    try withWork(nil) { (work) throws(StoreError) in
      try Self.put(Self.prepared, as: name, in: root(), nil, from: work)
    }
  }

  private static func write(_ bytes: [UInt8], as scratch: String, in work: WorkFolder) throws(StoreError) {
    // A writer that died may have left one; if it cannot be removed, no new one is created.
    try? work.remove(scratch)
    let new = try File(scratch, in: work.folder, .create)
    try unsafe new.write(bytes.span.bytes, at: 0)
  }

  private static func put(
    _ scratch: String, as name: String, in folder: borrowing Folder, _ known: FileState?,
    from work: WorkFolder
  ) throws(StoreError) {
    let path = Destination.joined(folder.path, name)
    let new = try File(scratch, in: work.folder, .update)
    guard folder.status(of: name) != nil else {
      try new.synchronize()
      try work.folder.moveExclusively(scratch, to: folder, as: name)
      return try folder.synchronizeNames()
    }
    let old = try File(name, in: folder, .read)
    let state = try old.state()
    guard known == nil || known!.hasSameContents(as: state) else { throw changed(path) }
    try checkOnlyName(old)
    try new.takeMetadata(of: old)
    try new.synchronize()
    if try work.folder.exchange(scratch, with: name, in: folder) {
      guard let out = work.folder.state(of: scratch), out.hasSameContents(as: state) else {
        // Another program was faster: its file is moved back.
        _ = try work.folder.exchange(scratch, with: name, in: folder)
        throw changed(path)
      }
    } else {
      guard let there = folder.state(of: name), there.hasSameContents(as: state) else { throw changed(path) }
      try work.folder.move(scratch, over: name, in: folder)
    }
    try folder.synchronizeNames()
    // The new file is in place; what cannot be removed now is removed with the work folder, or by
    // the next writer.
    try? work.remove(scratch)
  }

  private static func checkOnlyName(_ file: borrowing File) throws(StoreError) {
    guard try file.status().st_nlink == 1 else {
      throw StoreError(
        .unsupported,
        "the file has other names (hard links), which would keep the old contents after an append",
        remedy: "remove the other names, or convert to a new store", path: file.path)
    }
  }

  /// Refuses a file directly in the store's folder that ``replaceFile(_:with:expecting:)`` would
  /// refuse, before any work on it; does nothing if there is none.
  package func checkMayReplace(_ name: String) throws(StoreError) {
    let folder = try root()
    if folder.status(of: name) != nil { try Self.checkOnlyName(File(name, in: folder, .read)) }
  }

  private static let scratch = "new"
  private static let prepared = "next"
  private static let removed = "removed"

  private static func changed(_ path: String) -> StoreError {
    StoreError(
      .busy, "another program changed the file in the meantime",
      remedy: "check what it changed, and append again",
      path: path)
  }

  /// The store's folder, opened once more: the same folder that is locked.
  package func root() throws(StoreError) -> Folder {
    let descriptor = unsafe openat(lock.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, "opening the folder", path: path) }
    return Folder(path, descriptor)
  }

  /// Lends the folder that a path of one or two names ends in, and the last name.
  private static func within<Result>(
    _ folder: borrowing Folder, _ path: String,
    _ body: (_ folder: borrowing Folder, _ name: String) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let names = path.split(separator: "/").map(String.init)
    precondition(names.count == 1 || names.count == 2, "a path of one or two names")
    if names.count == 1 { return try body(folder, names[0]) }
    return try body(folder.folder(names[0]), names[1])
  }

  /// - Parameter removingLeftovers: nil removes them if the folder is not in use yet.
  private func withWork<Result>(
    _ removingLeftovers: Bool?, _ body: (WorkFolder) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if let known = work.withLock({ $0 }) { return try body(known) }
    let new = try WorkFolder(Self.workFolderName, in: root(), for: path) { Self.knownWork.contains($0) }
    if removingLeftovers ?? true { try new.removeContents() }
    work.withLock { $0 = new }
    return try body(new)
  }

  /// Leaves the work folder for the next writer, which needs its files to undo the changes.
  package func keepWork() { work.withLock { $0 = nil } }
}
