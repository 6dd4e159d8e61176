package import ImageStoreCore

/// The file that a writer works on: the file of a new store, which appears when it is committed, or
/// that of an existing store, which grows past its end and is cut back to it unless the growth is
/// committed.
///
/// The bytes that are cut off are past the end of the last commit, where no reader reads: appended
/// images count for readers once the record exists that ``commit(_:at:isUnchanged:then:)`` writes
/// last. So nothing is cut off after this writer has begun to write that record, whether or not it
/// reaches the disk.
///
/// A class, since its writer is the one that cannot be copied and holds the only reference.
package final class AppendableFile<Store: ImageStore> {
  package let file: File
  /// Where the store is written: the file itself, or the folder it is in.
  package let storePath: String
  /// The store that grows, as it was.
  package let old: Old?
  /// The store that grows, held against other writers.
  package let held: HeldStore?
  /// Where a new store is written.
  private var staging: Staging?
  /// The end of the bytes that this writer has written or tried to write; nil if it has not begun.
  private var writtenEnd: Int?
  private var isOver = false
  private let process = OwningProcess()

  /// A store that grows.
  package struct Old: Sendable {
    package let store: Store
    /// The file that the store reads.
    let identity: FileIdentity
    /// Where its last commit ends in the file.
    package let end: Int

    /// Creates a value; the parameters are the properties.
    package init(_ store: Store, file identity: FileIdentity, end: Int) {
      self.store = store
      self.identity = identity
      self.end = end
    }
  }

  private init(
    _ file: consuming File, at storePath: String, old: Old? = nil, held: HeldStore? = nil,
    staging: consuming Staging? = nil
  ) {
    self.file = file
    self.storePath = storePath
    self.old = old
    self.held = held
    self.staging = staging
  }

  /// Opens the store at a path for appending, once no other writer has it, or begins a new one.
  ///
  /// - Parameters:
  ///   - path: the path of the existing or new store.
  ///   - name: the name of the file in the store's folder; nil if the store is the file.
  ///   - mode: what to do with an existing store.
  ///   - otherContents: see ``Staging/OtherContents``.
  ///   - complete: completes a commit of a dead writer that counts already.
  ///   - open: opens the existing store, from its path and file. Bytes past the end of the last
  ///     commit stay there until ``removeLeftovers(areOurs:)``.
  /// - Throws: ``StoreError/Code/busy`` while other writers are working;
  ///   ``StoreError/Code/alreadyExists``; what `open` throws.
  package static func open(
    _ path: String, file name: String? = nil, mode: WriteMode,
    otherContents: @escaping Staging.OtherContents,
    completing complete: (_ held: HeldStore) throws(StoreError) -> Void = { _ in },
    appendingTo open: (_ path: String, _ file: borrowing File) throws(StoreError) -> Old
  ) throws(StoreError) -> AppendableFile {
    if mode == .append, FileSystem.kind(of: path) != nil { return try grow(path, name, complete, open) }
    let staging = try Staging(destination: path, mode: mode, otherContents: otherContents)
    guard mode != .append || staging.isNew else {
      throw StoreError(.busy, "another program is creating the same file", remedy: "try again", path: path)
    }
    let storePath = staging.path
    if name != nil { try FileSystem.createFolder(storePath) }
    let file = try File(name.map { "\(storePath)/\($0)" } ?? storePath, .create)
    return AppendableFile(file, at: storePath, staging: staging)
  }

  private static func grow(
    _ path: String, _ name: String?, _ complete: (HeldStore) throws(StoreError) -> Void,
    _ open: (String, borrowing File) throws(StoreError) -> Old
  ) throws(StoreError) -> AppendableFile {
    let held = try HeldStore(path)
    try complete(held)
    let file =
      if let name { try File(name, in: Folder(held.path), .update) } else { try File(held.path, .update) }
    let old = try open(held.path, file)
    let identity = try file.identity()
    guard FileIdentity(ofPath: held.path) == held.state.identity, old.identity == identity,
      name != nil || held.state.identity == identity
    else {
      throw StoreError(.busy, "another program keeps replacing it", remedy: "try again", path: path)
    }
    return AppendableFile(file, at: held.path, old: old, held: held)
  }

  /// Cuts off the bytes that a dead writer left past the last commit. Call it after everything that
  /// an append relies on has been checked.
  ///
  /// - Parameter areOurs: whether a writer of this package left the bytes of a range.
  /// - Throws: ``StoreError/Code/unsupported`` if none did.
  package func removeLeftovers(
    areOurs: (_ range: Range<Int>) throws(StoreError) -> Bool
  ) throws(StoreError) {
    guard let old else { return }
    let byteCount = try file.byteCount()
    guard byteCount > old.end else { return }
    guard try areOurs(old.end..<byteCount) else {
      throw StoreError(
        .unsupported,
        "\(byteCount - old.end) bytes follow the end of the store, and this package did not write them",
        remedy:
          "if they are not needed, cut the file to its first \(old.end) bytes; otherwise convert the store",
        path: file.path)
    }
    try file.resize(to: old.end)
  }

  deinit {
    guard process.isCurrent else { return }
    defer { file.unlock() }
    guard !isOver, let old, let writtenEnd else { return }
    do throws(StoreError) {
      // Another program wrote the bytes after that.
      if try file.byteCount() <= writtenEnd { try file.resize(to: old.end) }
    } catch {
      // Readers still find the last commit, and the next writer cuts the file.
    }
  }

  /// Writes bytes that no reader counts yet.
  package func write(_ bytes: RawSpan, at offset: Int) throws(StoreError) {
    // If the writer dies, the bytes it leaves show that there was one.
    if writtenEnd == nil, let held, held.kind == .folder { _ = try held.workFolder() }
    writtenEnd = max(writtenEnd ?? 0, offset + bytes.byteCount)
    try file.write(bytes, at: offset)
  }

  /// Writes the record that makes the bytes written before count, and moves a new store into place.
  /// Everything else is on the disk when the record is written.
  ///
  /// - Parameters:
  ///   - record: bytes for which the file has room.
  ///   - offset: where they go.
  ///   - isUnchanged: whether the rest of the file, which this writer did not write, is unchanged.
  ///   - then: the remaining work for a store that grows, once the record is on the disk.
  package func commit(
    _ record: [UInt8], at offset: Int, isUnchanged: () throws(StoreError) -> Bool = { true },
    then: () throws(StoreError) -> Void = {}
  ) throws(StoreError) {
    if old != nil {
      try file.synchronize()
      try checkNobodyElseWrote(isUnchanged)
      isOver = true
    }
    try unsafe file.write(record.span.bytes, at: offset)
    try file.synchronize()
    if old != nil { try then() }
    if let staging = staging.take() { try staging.commit() }
  }

  /// Other programs do not know about our lock.
  private func checkNobodyElseWrote(_ isUnchanged: () throws(StoreError) -> Bool) throws(StoreError) {
    guard let held else { return }
    guard try file.byteCount() == writtenEnd, FileIdentity(ofPath: held.path) == held.state.identity,
      try FileIdentity(ofPath: file.path) == file.identity(), try isUnchanged()
    else {
      throw StoreError(
        .busy, "another program changed or replaced it in the meantime",
        remedy: "check what it changed, and append again", path: held.path)
    }
  }
}
