internal import CLMDB
internal import ImageStoreCore
internal import StoreIO

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// An LMDB environment open for writing, through liblmdb.
///
/// A transaction begins and ends within one call, so it never outlives its thread. The map grows between
/// transactions; no caller sees it full.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the sole owner makes one call at a time; the handle
/// is closed with the last reference.
@safe final class Environment: @unchecked Sendable {
  /// The folder.
  let path: String
  private let handle: OpaquePointer
  private let tree: MDB_dbi
  private(set) var pageSize = 4096

  /// The map's size at first. It doubles as often as it has to, so that a small store has a small map.
  private static let firstMapSize = 1 << 20
  /// Maps are multiples of the largest page any machine has.
  private static let mapGranularity = 64 << 10

  /// Opens the environment of a folder, which is made one if it is empty.
  ///
  /// - Parameter isStaged: whether nobody reads it yet, so that only ``synchronize()`` has to wait for the
  ///   disk; commits do otherwise.
  init(_ path: String, isStaged: Bool) throws(StoreError) {
    try Self.makeLock(path)
    var created: OpaquePointer?
    try Self.check(unsafe mdb_env_create(&created), "creating an environment", path)
    guard let environment = unsafe created else {
      throw StoreError(.system, "creating an environment failed", path: path)
    }
    do throws(StoreError) {
      try Self.check(
        unsafe mdb_env_set_mapsize(environment, Self.firstMapSize), "setting the map's size", path)
      // A commit that others can see waits for its pages, but not for the meta page that leads to them: the next
      // commit waits for that, and the last one's is waited for by `synchronize()`.
      let flags = MDB_NOTLS | (isStaged ? MDB_NOSYNC : MDB_NOMETASYNC)
      try unsafe Self.open(environment, path, UInt32(flags))
      var dead: Int32 = 0
      // Readers that died would keep pages from being used again.
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

  /// Writes the lock that liblmdb would otherwise make of a hole in the disk and fill through a map: a disk that
  /// is full then ends the process with SIGBUS.
  private static func makeLock(_ path: String) throws(StoreError) {
    let lock = "\(path)/lock.mdb"
    guard FileSystem.kind(of: lock) == nil else { return }
    do throws(StoreError) {
      // What liblmdb takes for its usual 126 readers; it adopts a lock that is larger.
      let zeros = [UInt8](repeating: 0, count: 8192)
      try unsafe File(lock, .create).write(zeros.span.bytes, at: 0)
    } catch {
      // Another program may have been quicker.
      if error.code == .alreadyExists { return }
      // Less than a whole one would be filled through a map, too.
      try? FileSystem.remove(lock)
      throw error
    }
  }

  /// Opening fails now and then while another process opens or closes the same environment (lmdb.h, caveats).
  private static func open(
    _ environment: OpaquePointer, _ path: String, _ flags: UInt32
  ) throws(StoreError) {
    var result = unsafe mdb_env_open(environment, path, flags, 0o644)
    for _ in 0..<20 where result == EAGAIN || result == EBUSY {
      usleep(10_000)
      result = unsafe mdb_env_open(environment, path, flags, 0o644)
    }
    if result == EINVAL {
      throw StoreError(
        .system, "opening it failed: \(text(result))",
        remedy: "LMDB needs a local file system: copy it to one", path: path, underlyingCode: result)
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
  ///   - byteCount: about how many bytes it will write, so that the map is made large enough before. Where
  ///     it turns out to be too small, the transaction is done again in a larger one.
  ///   - body: may be called again.
  func write(
    _ byteCount: Int, _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    try makeRoom(for: byteCount + byteCount / 16 + 256 << 10)
    while true {
      do throws(StoreError) {
        return try tryToWrite(body)
      } catch {
        switch error.underlyingCode {
        case MDB_MAP_FULL: try resize(to: 2 * mapSize())
        // Another process made the map larger: take over its size.
        case MDB_MAP_RESIZED: try resize(to: 0)
        default: throw error
        }
      }
    }
  }

  private func tryToWrite(
    _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    let transaction = try unsafe WriteTransaction(handle, tree, path)
    try body(transaction)
    try transaction.commit()
  }

  /// Waits until everything committed is on the disk.
  func synchronize() throws(StoreError) {
    try Self.check(unsafe mdb_env_sync(handle, 1), "synchronising it with the disk", path)
  }

  private func makeRoom(for byteCount: Int) throws(StoreError) {
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
      // liblmdb has no map any more; the writer fails for good at this error, and closing is safe.
      throw StoreError(
        .system, error.message, remedy: "raise the limit of address space (ulimit -v)", path: path,
        underlyingCode: error.underlyingCode)
    }
  }
}

extension Environment {
  /// Throws what a number returned by liblmdb says, if it is not that of success.
  static func check(_ result: Int32, _ doing: String, _ path: String) throws(StoreError) {
    switch result {
    case MDB_SUCCESS: return
    case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_VERSION_MISMATCH:
      throw StoreError(
        .corrupt, "\(doing) failed: \(text(result))", path: path, underlyingCode: result)
    case MDB_READERS_FULL:
      throw StoreError(
        .busy, "\(doing) failed: \(text(result))", remedy: "end some of the processes that read it",
        path: path, underlyingCode: result)
    case 1...: throw .system(result, doing, path: path)
    default:
      throw StoreError(.system, "\(doing) failed: \(text(result))", path: path, underlyingCode: result)
    }
  }

  private static func text(_ result: Int32) -> String {
    unsafe String(cString: mdb_strerror(result))
  }
}
