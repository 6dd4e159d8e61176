import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// The `masks.npy` a writer works on: that of a new folder, or one that grows past its end and is cut back
/// unless the growth is committed.
///
/// What is cut off is past the masks that the header counts, and no reader reads there. So nothing is cut off any more once this writer
/// has begun to write the header, whether or not it comes to the disk.
///
/// A class, since its writer is the one that cannot be copied and holds the only reference.
final class MaskTarget {
  let file: File
  /// The folder that is written.
  let folder: String
  /// Where a new store is written.
  private var staging: Staging?
  /// The store that grows, held against other writers.
  private let held: HeldStore?
  /// The store that grows, as it was.
  let old: PackedBitStore?
  /// What this writer has written of masks, or tried to, ends here; nil if it has not begun.
  private var writtenEnd: Int?
  private var isOver = false
  private let process = OwningProcess()

  private init(
    file: consuming File, folder: String, staging: consuming Staging?, held: HeldStore?, old: PackedBitStore?
  ) {
    self.file = file
    self.folder = folder
    self.staging = staging
    self.held = held
    self.old = old
  }

  /// The bytes of the header of `masks.npy`, which does not grow with the number of masks.
  static let headerByteCount = 128

  static func open(_ path: String, mode: WriteMode) throws(StoreError) -> MaskTarget {
    if mode == .append, FileSystem.kind(of: path) != nil { return try grow(path) }
    let staging = try Staging(destination: path, mode: mode) { (path) throws(StoreError) in
      try PackedBitStore.otherContents(at: path)
    }
    guard mode != .append || staging.isNew else {
      throw StoreError(.busy, "another program puts something there", remedy: "try again", path: path)
    }
    let folder = staging.path
    try FileSystem.createFolder(folder)
    let file = try File("\(folder)/\(MaskFile.name)", .create)
    return MaskTarget(file: file, folder: folder, staging: staging, held: nil, old: nil)
  }

  /// Opens a store for appending, once no other writer has it.
  private static func grow(_ path: String) throws(StoreError) -> MaskTarget {
    let held = try HeldStore(path)
    let hasDeadWriter = FileSystem.kind(of: "\(held.path)/\(HeldStore.workFolderName)") != nil
    let file = try File(MaskFile.name, in: Folder(held.path), .update)
    let store = try PackedBitStore(at: held.path)
    guard FileIdentity(ofPath: held.path) == held.state.identity,
      try file.identity() == store.masks.map.identity
    else {
      throw StoreError(.busy, "another program keeps replacing it", remedy: "try again", path: path)
    }
    guard store.masks.isAppendable else {
      throw StoreError(
        .unsupported, "the header of its array has no room to count more masks",
        remedy: "convert the store first", path: file.path)
    }
    // What an append repeats, it vouches for.
    try store.verifyAnnotations()
    try removeLeftovers(file, of: store, hasDeadWriter: hasDeadWriter)
    return MaskTarget(file: file, folder: held.path, staging: nil, held: held, old: store)
  }

  /// Cuts off what a dead writer left past the masks that the header counts.
  ///
  /// Bytes there are masks of an append that did not end if this package wrote the folder's description or a writer's folder is
  /// still there; what follows an array of somebody else may be anything.
  private static func removeLeftovers(
    _ file: borrowing File, of store: PackedBitStore, hasDeadWriter: Bool
  ) throws(StoreError) {
    let byteCount = try file.byteCount()
    guard byteCount > store.masksEnd else { return }
    guard store.folder?.description.states != nil || hasDeadWriter else {
      throw StoreError(
        .unsupported,
        "\(byteCount - store.masksEnd) bytes follow the masks that no writer of this package left",
        remedy:
          "cut the file to its first \(store.masksEnd) bytes if they are needed no more, or convert the store",
        path: file.path)
    }
    try file.resize(to: store.masksEnd)
  }

  deinit {
    guard !isOver, process.isCurrent, let old, let writtenEnd else { return }
    do throws(StoreError) {
      // What is further on, another program wrote.
      if try file.byteCount() <= writtenEnd { try file.resize(to: old.masksEnd) }
    } catch {
      // The header counts no more masks than before; the next writer cuts the file.
    }
  }

  /// Makes the folder of columns, if it is not there: of a store that grows in the very folder that is locked.
  func createColumnsFolder() throws(StoreError) {
    let root = if let held { try held.root() } else { try Folder(folder) }
    guard root.kind(of: MaskFolder.columnsFolder) == nil else { return }
    try root.createFolder(MaskFolder.columnsFolder)
    try root.synchronizeNames()
  }

  /// Writes masks that the header does not count yet.
  func write(_ masks: RawSpan, at offset: Int) throws(StoreError) {
    // What an append leaves that dies shows that there was one.
    if writtenEnd == nil, let held { _ = try held.workFolder() }
    writtenEnd = max(writtenEnd ?? 0, offset + masks.byteCount)
    try file.write(masks, at: offset)
  }

  /// Writes a small file of the store: into the new folder, or in the place of the one that is there.
  func write(_ bytes: [UInt8], name: String) throws(StoreError) {
    guard let held, let known = old?.folder else {
      return try FileSystem.write(bytes, toNewFile: "\(folder)/\(name)")
    }
    let state = known.fileStates[name]
    if state == nil, FileSystem.kind(of: "\(folder)/\(name)", followingLinks: false) != nil,
      !known.ownFiles().contains(Array(name.utf8))
    {
      throw StoreError(
        .unsupported, "there is a file that format.json does not name", remedy: "move it elsewhere",
        path: "\(folder)/\(name)")
    }
    try held.replaceFile(name, with: bytes, expecting: state)
  }

  /// Writes the header, which makes the masks count, and puts a new folder in its place.
  ///
  /// - Parameter description: what is to take the place of the description then; nil if that is as it should be.
  func commit(_ header: NPYHeader, then description: [UInt8]?) throws(StoreError) {
    if let description { try held?.prepareFile(with: description) }
    try file.synchronize()
    try checkNobodyElseWrote()
    let bytes = header.bytes
    isOver = true
    try unsafe file.write(bytes.span.bytes, at: 0)
    try file.synchronize()
    if description != nil { try held?.putPreparedFile(as: PackedBitDescription.fileName) }
    if let staging = staging.take() { try staging.commit() }
  }

  /// Leaves the masks of a store that none were appended to as they are.
  func leave() { isOver = true }

  /// Other programs know nothing of our lock.
  private func checkNobodyElseWrote() throws(StoreError) {
    guard old != nil, let held else { return }
    guard try file.byteCount() == writtenEnd, FileIdentity(ofPath: held.path) == held.state.identity,
      try FileIdentity(ofPath: "\(held.path)/\(MaskFile.name)") == file.identity()
    else {
      throw StoreError(
        .busy, "another program changed or replaced it meanwhile",
        remedy: "look at what it did, and append again",
        path: held.path)
    }
  }
}

extension PackedBitStore {
  /// Where the bytes of the masks end in `masks.npy`.
  fileprivate var masksEnd: Int { MaskTarget.headerByteCount + count * (layout?.byteCount ?? 0) }
}
