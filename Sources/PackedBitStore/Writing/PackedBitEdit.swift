import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// How labels and columns of masks are replaced together, though each has a file of its own.
///
/// New files are written aside, in the folder that appends work in. Then `format.json` names them
/// and has both states, the new one first; then the folder with the new files gets the name `.edit`
/// within the store, by one rename. From then on the edit counts: readers take the files it has
/// from there. They still have to replace the old ones, for programs that look for them there; a
/// writer that dies before that leaves it to the next.
enum PackedBitEdit {
  static let folderName = ".edit"
  private static let stagedName = "edit"

  /// Whether the edit that a description names counts.
  ///
  /// A folder without the files belongs to another program.
  static func isCommitted(_ description: PackedBitDescription, in folder: borrowing Folder) -> Bool {
    guard let files = description.edit, !files.isEmpty, folder.kind(of: folderName) == .folder,
      let edit = try? folder.folder(folderName)
    else { return false }
    return files.allSatisfy { name in
      let parts = name.split(separator: "/").map(String.init)
      guard parts.count == 2 else { return edit.kind(of: name) == .file }
      return (try? edit.folder(parts[0]))?.kind(of: parts[1]) == .file
    }
  }

  /// Makes an edit, all at once.
  ///
  /// - Parameters:
  ///   - held: the store's folder.
  ///   - description: the new description, with only the state of the edit.
  ///   - old: the previous description.
  ///   - files: the files that change, by their paths in the store.
  static func make(
    in held: HeldStore, _ description: PackedBitDescription, after old: PackedBitContents,
    files: [(name: String, bytes: [UInt8])]
  ) throws(StoreError) {
    guard !files.isEmpty || old.state?.files.count != description.states?.first?.files.count else {
      // One file has all that changes.
      return try replaceDescription(
        description, in: held, known: old.fileStates[PackedBitDescription.fileName])
    }
    guard try held.root().kind(of: folderName) == nil else {
      throw StoreError(
        .alreadyExists, "an edit needs this path for its files, but this package did not make what is there",
        remedy: "move it away", path: "\(held.path)/\(folderName)")
    }
    for name in files.map(\.name) + [PackedBitDescription.fileName] { try held.checkMayReplace(name) }
    if !files.isEmpty { try stage(files, in: held) }
    var pending = description
    pending.edit = files.map(\.name)
    pending.states?.append(contentsOf: [old.state].compactMap { $0 })
    // Programs that know of no states look at these.
    pending.classNames = old.description.classNames(of: old.state)
    try replaceDescription(pending, in: held, known: old.fileStates[PackedBitDescription.fileName])
    if !files.isEmpty {
      try held.moveWork(stagedName, to: folderName)
      try held.root().synchronizeNames()
    }
    do throws(StoreError) {
      try putInPlace(pending, in: held)
    } catch {
      // The edit counts. If leftovers cannot be removed, the next writer does it; other errors are
      // thrown.
      guard error.underlying == .init(.posix, EEXIST) else { throw error }
    }
  }

  /// Completes the edit of a writer that died after it counted.
  static func finish(in held: HeldStore) throws(StoreError) {
    guard held.kind == .folder else { return }
    let root = try held.root()
    guard root.kind(of: PackedBitDescription.fileName) == .file else { return }
    let description = try PackedBitDescription.read(File(PackedBitDescription.fileName, in: root, .read))
    guard let files = description.edit, description.isIntact else { return }
    if files.isEmpty || isCommitted(description, in: root) { try putInPlace(description, in: held) }
  }

  /// Other contents of an edit's folder than files with some paths; nil if there are none.
  static func other(in edit: borrowing Folder, _ own: Set<[UInt8]>) throws(StoreError) -> String? {
    for name in try edit.names() where !own.contains(Array(name.utf8)) {
      guard [PackedBitContents.columnsFolder, PackedBitContents.offsetsFolder].contains(name),
        edit.kind(of: name) == .folder
      else { return name }
      let columns = try edit.folder(name)
      let other = try columns.names().first {
        columns.kind(of: $0) != .file || !own.contains(Array("\(name)/\($0)".utf8))
      }
      if let other { return "\(name)/\(other)" }
    }
    return nil
  }

  /// Removes the folder of a completed edit. A folder with other files belongs to another program,
  /// and stays.
  private static func removeFolder(
    of state: PackedBitDescription.State, in held: HeldStore
  ) throws(StoreError) {
    let root = try held.root()
    guard root.kind(of: folderName) == .folder,
      try other(in: root.folder(folderName), Set(state.files.map { Array($0.utf8) })) == nil
    else { return }
    try held.removeFile(folderName)
  }

  private static func stage(
    _ files: [(name: String, bytes: [UInt8])], in held: HeldStore
  ) throws(StoreError) {
    let work = try Folder(held.workFolder())
    try work.createFolder(stagedName)
    let staged = try work.folder(stagedName)
    let root = try held.root()
    try staged.takeMetadata(of: root)
    for place in [PackedBitContents.columnsFolder, PackedBitContents.offsetsFolder]
    where files.contains(where: { $0.name.hasPrefix(place + "/") }) {
      try staged.createFolder(place)
      try staged.folder(place).takeMetadata(of: root)
    }
    let masks = try File(PackedBitImages.name, in: root, .read)
    for (name, bytes) in files {
      let parts = name.split(separator: "/").map(String.init)
      let folder = try parts.count == 2 ? staged.folder(parts[0]) : work.folder(stagedName)
      let file = try File(parts.last ?? name, in: folder, .create)
      try unsafe file.write(bytes.span.bytes, at: 0)
      try file.takeMetadata(of: masks)
      try file.synchronize()
      try folder.synchronizeNames()
    }
    try staged.synchronizeNames()
    try work.synchronizeNames()
  }

  /// Replaces the old files by those of an edit, and removes the edit from the description. It can
  /// be repeated from the start.
  private static func putInPlace(
    _ pending: PackedBitDescription, in held: HeldStore
  ) throws(StoreError) {
    guard let state = pending.states?.first else { return }
    for name in pending.edit ?? [] {
      let parts = name.split(separator: "/").map(String.init)
      var folder = try held.root().folder(folderName)
      if parts.count == 2 {
        try held.createFolder(parts[0])
        folder = try folder.folder(parts[0])
      }
      let file = try File(parts.last ?? name, in: folder, .read)
      let bytes = try file.contents(limit: file.byteCount())
      try held.replaceFile(name, with: bytes, like: PackedBitImages.name)
    }
    let kept = Set(state.files.map { Array($0.utf8) })
    for name in pending.states?.dropFirst().first?.files ?? [] where !kept.contains(Array(name.utf8)) {
      try held.removeFile(name)
    }
    var done = pending
    done.states = [state]
    done.edit = []
    if let names = state.classNames { done.classNames = names.names }
    try replaceDescription(done, in: held)
    try removeFolder(of: state, in: held)
    done.edit = nil
    try replaceDescription(done, in: held)
  }

  private static func replaceDescription(
    _ description: PackedBitDescription, in held: HeldStore, known: FileState? = nil
  ) throws(StoreError) {
    try held.replaceFile(
      PackedBitDescription.fileName, with: description.encoded(), expecting: known, like: PackedBitImages.name
    )
  }
}
