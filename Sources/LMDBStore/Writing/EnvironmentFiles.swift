internal import CImageStoreLMDB
internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport

/// The two files of an environment, which liblmdb opens by their paths: following symbolic links,
/// waiting for pipes, creating missing files, and writing a table of readers over any file called
/// `lock.mdb`.
///
/// So both are opened and examined before. liblmdb then gets names of the same files in a folder
/// where nobody else creates any, and the files that it has opened are compared.
struct EnvironmentFiles: ~Copyable {
  static let data = "data.mdb"
  static let lock = "lock.mdb"
  /// The size that liblmdb uses for its default of 126 readers; it accepts a larger lock.
  private static let lockByteCount = 8192

  private let folder: Folder
  private let path: String
  private let dataFile: FileIdentity
  private let lockFile: FileIdentity

  /// Examines the files, and makes the lock file if there is none.
  ///
  /// - Parameter isNew: whether the data file was just made, so that nobody else needs the lock.
  /// - Throws: ``StoreError/Code/unrecognized`` if one is a symbolic link, a pipe or another thing
  ///   that is not a file, or if the lock is something else.
  init(_ path: String, isNew: Bool) throws(StoreError) {
    let folder = try Folder(path)
    let data = try File(Self.data, in: folder, .update)
    let (dataFile, lockFile) = try (data.identity(), Self.lock(in: folder, of: data, isNew: isNew))
    self.init(folder, path, dataFile, lockFile)
  }

  private init(
    _ folder: consuming Folder, _ path: String, _ dataFile: FileIdentity, _ lockFile: FileIdentity
  ) {
    self.folder = folder
    self.path = path
    self.dataFile = dataFile
    self.lockFile = lockFile
  }

  /// The lock file, which is written if it is missing or incomplete: liblmdb would make it as a
  /// hole and fill it through a map, and then a full disk ends the process with SIGBUS.
  private static func lock(
    in folder: borrowing Folder, of data: borrowing File, isNew: Bool
  ) throws(StoreError) -> FileIdentity {
    if folder.kind(of: lock) == nil {
      do throws(StoreError) {
        let file = try File(lock, in: folder, .create)
        // Users that may write to the data also need the lock. Metadata that cannot be kept is not
        // needed for it to work.
        if !isNew { try? file.takeMetadata(of: data) }
        try fill(file, from: 0)
        return try file.identity()
      } catch {
        // Another program may have been quicker.
        guard error.code == .alreadyExists else { throw error }
      }
    }
    let file = try File(lock, in: folder, .update)
    let byteCount = try file.byteCount()
    var head = [UInt8](repeating: 0, count: min(byteCount, lockByteCount + 1))
    var span = head.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe file.read(at: 0, into: buffer)
    }
    let magic = unsafe head.span.withUnsafeBytes { unsafe $0.integer(UInt32.self, at: 0) }
    if magic != MetaPage.magic {
      // A writer that died before liblmdb wrote to it leaves zeros, and a power failure any bytes,
      // because nobody waits for a lock file to be on the disk.
      let isBlank = byteCount <= lockByteCount && head.allSatisfy { $0 == 0 }
      guard isBlank || (byteCount == lockByteCount && hasOneName(file)) else {
        throw StoreError(
          .unrecognized, "this is not an LMDB lock file, and LMDB would overwrite it",
          remedy: "give it another name", path: file.path)
      }
      try fill(file, from: byteCount)
    }
    return try file.identity()
  }

  private static func hasOneName(_ file: borrowing File) -> Bool {
    var status = stat()
    return unsafe fstat(file.descriptor, &status) == 0 && status.st_nlink == 1
  }

  private static func fill(_ file: borrowing File, from offset: Int) throws(StoreError) {
    let zeros = [UInt8](repeating: 0, count: lockByteCount - offset)
    try unsafe file.write(zeros.span.bytes, at: offset)
  }

  /// Lets liblmdb open the files of a store under further names in the store's work folder. If
  /// there can be none, because the folder is not writable or its file system has no hard links, it
  /// gets the store's folder, and its files are compared afterwards.
  func open(
    _ environment: OpaquePointer, _ held: HeldStore, _ body: (_ folder: String) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard let work = try linked(held) else {
      try body(path)
      return try unsafe check(environment)
    }
    defer { removeLinks(held) }
    try body(work)
    try unsafe checkData(environment)
  }

  /// A folder with hard links to the files, or nil if there can be none.
  private func linked(_ held: HeldStore) throws(StoreError) -> String? {
    let work: String
    do throws(StoreError) {
      work = try held.workFolder()
    } catch {
      guard let number = error.underlying, number.domain == .posix,
        [EACCES, EPERM, EROFS].contains(number.code)
      else { throw error }
      return nil
    }
    for (name, identity) in [(Self.data, dataFile), (Self.lock, lockFile)] {
      guard unsafe link("\(path)/\(name)", "\(work)/\(name)") == 0 else {
        let reason = errno
        removeLinks(held)
        guard [EPERM, EMLINK, ENOSYS, ENOTSUP, EOPNOTSUPP, EXDEV].contains(reason) else {
          throw .system(reason, "giving it a second name", path: "\(path)/\(name)")
        }
        return nil
      }
      guard FileIdentity(ofPath: "\(work)/\(name)") == identity else {
        removeLinks(held)
        throw changed()
      }
    }
    return work
  }

  private func removeLinks(_ held: HeldStore) {
    // What cannot be removed is removed with the work folder.
    for name in [Self.data, Self.lock] { try? held.removeWork(name) }
  }

  /// Checks that liblmdb has opened the files that were examined.
  func check(_ environment: OpaquePointer) throws(StoreError) {
    try unsafe checkData(environment)
    guard folder.state(of: Self.lock)?.identity == lockFile else { throw changed() }
  }

  private func checkData(_ environment: OpaquePointer) throws(StoreError) {
    var descriptor: mdb_filehandle_t = -1
    try Environment.check(unsafe mdb_env_get_fd(environment, &descriptor), "opening it", path)
    guard FileIdentity(ofDescriptor: descriptor) == dataFile else { throw changed() }
  }

  private func changed() -> StoreError {
    StoreError(
      .busy, "another program replaced files of it in the meantime",
      remedy: "check what it changed, and try again",
      path: path)
  }
}
