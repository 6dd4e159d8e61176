internal import CImageStoreLMDB
internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport
internal import Synchronization

/// An LMDB environment open for writing, through liblmdb.
///
/// A transaction begins and ends within one call, so it never outlives its thread. The map grows between
/// transactions; callers never find it full.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the sole owner makes one call at a time; the
/// handle is closed with the last reference, and only closed once it has lost its map.
@safe final class Environment: @unchecked Sendable {
  /// The folder.
  let path: String
  private let handle: OpaquePointer
  private let tree: MDB_dbi
  private(set) var pageSize = 4096
  /// Whether liblmdb no longer has a map, and would read where the map was.
  private var isBroken = false

  /// The map's size at first. It doubles as often as it has to, so that a small store has a small map.
  private static let firstMapSize = 1 << 20
  /// Maps are multiples of the largest page any machine has.
  private static let mapGranularity = 64 << 10

  /// Opens the environment of a new store that nobody reads yet, so that only ``synchronize()`` has
  /// to wait for the disk.
  convenience init(staged path: String) throws(StoreError) {
    let files = try EnvironmentFiles(path, isNew: true)
    try unsafe self.init(path, MDB_NOSYNC) { (environment, flags) throws(StoreError) in
      try unsafe Self.open(environment, path, path, flags)
      try unsafe files.check(environment)
    }
  }

  /// Opens the environment of a store that others may read.
  convenience init(_ held: HeldStore) throws(StoreError) {
    let files = try EnvironmentFiles(held.path, isNew: false)
    // A commit that others can see waits for its pages, but not for the meta page that leads to
    // them: the next commit waits for that, and the last one's is waited for by `synchronize()`.
    try unsafe self.init(held.path, MDB_NOMETASYNC) { (environment, flags) throws(StoreError) in
      try unsafe files.open(environment, held) { (folder) throws(StoreError) in
        try unsafe Self.open(environment, folder, held.path, flags)
      }
    }
  }

  private init(
    _ path: String, _ flags: Int32, _ open: (OpaquePointer, UInt32) throws(StoreError) -> Void
  ) throws(StoreError) {
    var created: OpaquePointer?
    try Self.check(unsafe mdb_env_create(&created), "creating an environment", path)
    guard let environment = unsafe created else {
      throw StoreError(.system, "creating an environment failed", path: path)
    }
    do throws(StoreError) {
      try Self.check(
        unsafe mdb_env_set_mapsize(environment, Self.firstMapSize), "setting the map's size", path)
      try unsafe open(environment, UInt32(MDB_NOTLS | flags))
      var dead: Int32 = 0
      // Dead readers would keep pages from being reused.
      try Self.check(unsafe mdb_reader_check(environment, &dead), "looking for dead readers", path)
      tree = try unsafe Self.openTree(environment, path)
      var status = MDB_stat()
      try Self.check(unsafe mdb_env_stat(environment, &status), "asking for its size", path)
      pageSize = Int(status.ms_psize)
    } catch {
      unsafe mdb_env_close(environment)
      throw error
    }
    self.path = path
    unsafe handle = environment
  }

  deinit { unsafe mdb_env_close(handle) }

  /// Opening fails now and then while another process opens or closes the same environment (lmdb.h, caveats).
  private static func open(
    _ environment: OpaquePointer, _ folder: String, _ path: String, _ flags: UInt32
  ) throws(StoreError) {
    var result = unsafe mdb_env_open(environment, folder, flags, 0o644)
    for _ in 0..<20 where result == EAGAIN || result == EBUSY {
      usleep(10_000)
      result = unsafe mdb_env_open(environment, folder, flags, 0o644)
    }
    if result == EINVAL {
      throw StoreError(
        .system, "opening it failed: \(text(result))",
        remedy: "LMDB needs a local file system: copy it to one", path: path, underlying: .init(.lmdb, result)
      )
    }
    try check(result, "opening it", path)
  }

  private static func openTree(
    _ environment: OpaquePointer, _ path: String
  ) throws(StoreError) -> MDB_dbi {
    var transaction: OpaquePointer?
    try check(unsafe mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction), "reading it", path)
    defer { unsafe mdb_txn_abort(transaction) }
    var tree: MDB_dbi = 0
    try check(unsafe mdb_dbi_open(transaction, nil, 0, &tree), "reading it", path)
    return tree
  }

  /// Writes in one transaction, which is committed when `body` returns.
  ///
  /// - Parameters:
  ///   - byteCount: about how many bytes it will write, so that the map is made large enough before. If
  ///     it turns out to be too small, the transaction is done again in a larger one.
  ///   - isEdit: whether it replaces or removes labels or columns.
  ///   - body: may be called again.
  func write(
    _ byteCount: Int, isEdit: Bool = false, _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    try makeRoom(for: byteCount + byteCount / 16 + 256 << 10)
    while true {
      do throws(StoreError) {
        return try tryToWrite(isEdit, body)
      } catch {
        switch error.underlying {
        case .init(.lmdb, MDB_MAP_FULL): try resize(to: 2 * mapSize())
        // Another process made the map larger: use its size.
        case .init(.lmdb, MDB_MAP_RESIZED): try resize(to: 0)
        default: throw error
        }
      }
    }
  }

  private func tryToWrite(
    _ isEdit: Bool, _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    try checkWorks()
    let transaction = try unsafe WriteTransaction(handle, tree, path)
    let metadata = try StoreMetadata(transaction)
    try body(transaction)
    try StoreMetadata.mark(transaction, after: metadata, isEdit: isEdit)
    try transaction.commit()
  }

  /// Waits until everything committed is on the disk.
  func synchronize() throws(StoreError) {
    try checkWorks()
    try Self.check(unsafe mdb_env_sync(handle, 1), "synchronising it with the disk", path)
  }

  private func checkWorks() throws(StoreError) {
    guard !isBroken else {
      throw StoreError(.system, "the database could not be mapped into memory", path: path)
    }
  }

  private func makeRoom(for byteCount: Int) throws(StoreError) {
    try checkWorks()
    var information = unsafe MDB_envinfo()
    try Self.check(unsafe mdb_env_info(handle, &information), "asking for its size", path)
    let used = unsafe (Int(information.me_last_pgno) + 1) * pageSize
    var size = unsafe information.me_mapsize
    guard size - used < byteCount else { return }
    while size - used < byteCount { size *= 2 }
    try resize(to: size)
  }

  private func mapSize() throws(StoreError) -> Int {
    var information = unsafe MDB_envinfo()
    try Self.check(unsafe mdb_env_info(handle, &information), "asking for its size", path)
    return unsafe information.me_mapsize
  }

  private func resize(to size: Int) throws(StoreError) {
    let size = (size + Self.mapGranularity - 1) / Self.mapGranularity * Self.mapGranularity
    do throws(StoreError) {
      try Self.check(unsafe mdb_env_set_mapsize(handle, size), "enlarging the map to \(size) bytes", path)
    } catch {
      // liblmdb drops the old map before it asks for the new one; without a map it can only be
      // closed.
      isBroken = true
      throw StoreError(
        .system, error.message, remedy: "raise the limit of address space (ulimit -v)", path: path,
        underlying: error.underlying)
    }
  }
}

extension Environment {
  /// Throws an error for a number returned by liblmdb, unless it means success.
  static func check(_ result: Int32, _ doing: String, _ path: String) throws(StoreError) {
    switch result {
    case MDB_SUCCESS: return
    case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH:
      throw StoreError(
        .corrupt, "\(doing) failed: \(text(result))", path: path, underlying: .init(.lmdb, result))
    case MDB_READERS_FULL:
      throw StoreError(
        .busy, "\(doing) failed: \(text(result))", remedy: "end some of the processes that read it",
        path: path, underlying: .init(.lmdb, result))
    case EIO:
      // liblmdb reports this for a write that ended early, as it does when the disk is full.
      throw StoreError(
        .system,
        "\(doing) failed: \(text(result)), which liblmdb also reports for \(text(ENOSPC))",
        remedy: "make room on the disk; if there is room, the disk is failing", path: path,
        underlying: .init(.posix, result))
    case 1...: throw .system(result, doing, path: path)
    default:
      throw StoreError(
        .system, "\(doing) failed: \(text(result))", path: path, underlying: .init(.lmdb, result))
    }
  }

  private static func text(_ result: Int32) -> String {
    unsafe String(cString: mdb_strerror(result))
  }
}

/// The folders whose environments this process has open.
///
/// liblmdb's locks belong to the process, so a second environment of the same files would silently drop
/// those of the first. The folder's advisory lock already keeps a second writer out; this also holds on
/// file systems that have no such locks.
enum EnvironmentRegistry {
  private static let open = Mutex<Set<FileIdentity>>([])

  /// The entry of a folder, which is removed when the value is destroyed.
  struct Entry: ~Copyable, Sendable {
    private let identity: FileIdentity

    /// - Throws: ``StoreError/Code/busy`` if the folder's environment is open.
    init(_ held: HeldStore) throws(StoreError) {
      let identity = held.state.identity
      guard EnvironmentRegistry.open.withLock({ $0.insert(identity).inserted }) else {
        throw StoreError(
          .busy, "this process already has a writer for it", remedy: "finish that one first", path: held.path)
      }
      self.identity = identity
    }

    deinit {
      let identity = identity
      EnvironmentRegistry.open.withLock { _ = $0.remove(identity) }
    }
  }
}
