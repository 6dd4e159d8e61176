import CImageStoreHDF5
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// The right to call libhdf5: code that has this token holds the process-wide lock.
///
/// A public call takes the lock once, in ``run(_:)``, and passes the token down; no function that
/// has the token takes the lock again, and no function without it reaches the library. Handles are
/// made by a session and, being noncopyable, cannot be its result, so they are closed before the
/// lock is released and their deinit needs no lock. A store keeps no handle between calls: the
/// library's file locks do not outlast a session, a fork finds nothing half done, and the library
/// is free for others.
@safe struct HDF5Session: ~Copyable {
  private var printer: H5E_auto2_t?
  private var printerData: UnsafeMutableRawPointer?

  private init() {
    unsafe printer = nil
    unsafe printerData = nil
  }

  /// Starts the library, without its own cleaning up at exit, which would close what another thread is
  /// using just then.
  private static let isStarted: Bool = {
    _ = H5dont_atexit()
    return H5open() >= 0
  }()

  /// Does work that calls the library, which prints nothing during the work.
  static func run<Result>(
    _ body: (borrowing HDF5Session) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    HDF5Lock.shared.lock()
    defer { HDF5Lock.shared.unlock() }
    guard isStarted else { throw StoreError(.system, "libhdf5 cannot be started") }
    var session = HDF5Session()
    // Whether errors are printed is a setting of the thread, so it is made each time, and restored
    // for programs that use the library themselves.
    unsafe H5Eget_auto2(CHDF5_error_default(), &session.printer, &session.printerData)
    H5Eset_auto2(CHDF5_error_default(), nil, nil)
    defer { unsafe H5Eset_auto2(CHDF5_error_default(), session.printer, session.printerData) }
    return try body(session)
  }

  /// The library's version.
  static let libraryVersion: (major: UInt32, minor: UInt32, release: UInt32) = {
    var version: (major: UInt32, minor: UInt32, release: UInt32) = (0, 0, 0)
    unsafe H5get_libversion(&version.major, &version.minor, &version.release)
    return version
  }()

  /// Takes over an identifier the library returned.
  ///
  /// - Parameter doing: the action, such as `opening it`.
  func handle(_ id: hid_t, _ doing: String) throws(StoreError) -> HDF5Handle {
    guard id >= 0 else { throw error(doing) }
    return HDF5Handle(id)
  }

  /// Takes over the identifier of a file that is open through our driver, and its access list,
  /// which keeps the driver alive: 1.10 releases a file's driver before it calls it to close the
  /// file.
  func handle(
    _ id: hid_t, with access: consuming HDF5Handle, _ doing: String
  ) throws(StoreError) -> HDF5Handle {
    guard id >= 0 else { throw error(doing) }
    return HDF5Handle(id, access: access.release())
  }

  /// Closes a written file, which writes the rest; other handles close by themselves, without
  /// reporting failures.
  func close(_ handle: consuming HDF5Handle) throws(StoreError) {
    try check(H5Idec_ref(handle.release()), "writing it")
  }

  /// Checks the library's return value: a negative number means failure.
  @discardableResult
  func check<Status: SignedInteger>(_ status: Status, _ doing: String) throws(StoreError) -> Status {
    guard status >= 0 else { throw error(doing) }
    return status
  }
}

/// An object with an identifier of the library: a file, dataset, type, space or property list. It
/// is closed when the value is destroyed, within the session that made it.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  /// The identifier that is closed after it, if not negative.
  private let access: hid_t

  fileprivate init(_ id: hid_t, access: hid_t = -1) {
    self.id = id
    self.access = access
  }

  deinit {
    H5Idec_ref(id)
    if access >= 0 { H5Idec_ref(access) }
  }

  fileprivate consuming func release() -> hid_t {
    let id = id
    discard self
    return id
  }
}

/// The lock that is taken before every call of libhdf5: the library runs one thread at a time, and
/// a build without thread safety leaves that to the caller.
///
/// A fork waits until the lock is free, so that the child neither inherits a taken lock, which no
/// thread there could release, nor a library in the middle of a call.
///
/// Invariant behind `@unchecked Sendable`: the mutex is made once and never destroyed, since the one lock
/// lives as long as the process.
@safe final class HDF5Lock: @unchecked Sendable {
  static let shared = HDF5Lock()

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  private init() {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe self.mutex = unsafe mutex
    // Runs once, within the making of `shared`; the handlers run later.
    _ = pthread_atfork(
      { HDF5Lock.shared.lock() }, { HDF5Lock.shared.unlock() }, { HDF5Lock.shared.unlock() })
  }

  func lock() { unsafe pthread_mutex_lock(mutex) }
  func unlock() { unsafe pthread_mutex_unlock(mutex) }
}

extension HDF5Session {
  /// The error of a call that failed, from the library's error stack of this thread.
  func error(_ doing: String) -> StoreError {
    let stack = errorStack()
    let story = stack.descriptions.joined(separator: " < ")
    let underlying = stack.minor.map { StoreError.Underlying(.hdf5, $0) }
    if var error = lockingError(story) {
      error.underlying = underlying
      return error
    }
    // The library passes the system's error on only as text.
    for number in [ENOSPC, EDQUOT] where story.contains("errno = \(number),") {
      var error = StoreError.system(number, doing, path: nil)
      error.underlying = underlying
      return error
    }
    if story.contains("bad version number for") {
      return StoreError(
        .unsupported,
        "\(doing) failed: a later libhdf5 than the one installed wrote it (libhdf5 says: \(story))",
        remedy: "write it with h5py.File(..., libver=('earliest', 'v110')), or install a later libhdf5",
        underlying: underlying)
    }
    return StoreError(
      .corrupt, "\(doing) failed: libhdf5 says: \(story.isEmpty ? "nothing" : story)",
      underlying: underlying)
  }

  /// The library's messages on a call that failed.
  private struct ErrorStack {
    /// The innermost first, each once.
    var descriptions: [String] = []
    /// The minor number of the innermost.
    var minor: Int32?
  }

  private func errorStack() -> ErrorStack {
    var stack = ErrorStack()
    unsafe withUnsafeMutablePointer(to: &stack) { stack in
      _ = unsafe H5Ewalk2(
        CHDF5_error_default(), H5E_WALK_UPWARD,
        { (_, frame, context) in
          guard let frame = unsafe frame?.pointee, let text = unsafe frame.desc, let context = unsafe context
          else { return 0 }
          let stack = unsafe context.assumingMemoryBound(to: ErrorStack.self)
          let description = unsafe String(cString: text)
          // Identifiers have their kind in the upper bits, which is the same for all of them.
          if unsafe stack.pointee.minor == nil {
            unsafe stack.pointee.minor = Int32(truncatingIfNeeded: frame.min_num)
          }
          if unsafe stack.pointee.descriptions.count < 4,
            unsafe stack.pointee.descriptions.last != description
          {
            unsafe stack.pointee.descriptions.append(description)
          }
          return 0
        }, stack)
    }
    return stack
  }

  /// The error if the library's own file locking failed.
  private func lockingError(_ story: String) -> StoreError? {
    if story.contains("already open for write") || story.contains("consistency flags") {
      return StoreError(
        .busy, "the file is marked as open for writing (libhdf5 says: \(story))",
        remedy: "let its writer close it; after a writer that died, run h5clear -s on it")
    }
    guard story.contains("unable to lock file") || story.contains("unable to flock") else { return nil }
    return StoreError(
      .system, "the file system does not let libhdf5 lock the file (libhdf5 says: \(story))",
      remedy: "set the environment variable HDF5_USE_FILE_LOCKING=FALSE")
  }
}

extension HDF5Session {
  /// Opens the file of a descriptor, which must stay open, for reading.
  func openFile(_ descriptor: Int32) throws(StoreError) -> HDF5Handle {
    let access = try fileAccess()
    try check(CHDF5_set_file_locking(access.id, false, true), "preparing to open it")
    try check(CHDF5_set_descriptor(access.id, descriptor), "preparing to open it")
    // The name is for the library's own use; an absolute one does not make it ask for the current folder.
    let id = unsafe H5Fopen("/descriptor", CHDF5_read_only(), access.id)
    return try handle(id, with: access, "opening it")
  }

  /// Creates a file that must not exist. It is not locked, because it is in a writer's own folder,
  /// which is.
  ///
  /// - Parameters:
  ///   - alignedByteCount: objects of at least this size begin at a multiple of ``PixelFile/start``.
  ///   - hasSingleChunks: whether there will be many datasets of one chunk, which then take a small index
  ///     instead of one of 3 KB each.
  func createFile(
    _ path: String, alignedByteCount: Int, hasSingleChunks: Bool
  ) throws(StoreError) -> HDF5Handle {
    let access = try fileAccess()
    try check(CHDF5_set_file_locking(access.id, false, true), "setting up file locking")
    try check(
      H5Pset_alignment(access.id, hsize_t(alignedByteCount), hsize_t(PixelFile.start)),
      "setting up alignment")
    let creation = try handle(H5Pcreate(CHDF5_file_creation()), "preparing to create it")
    if hasSingleChunks { try check(H5Pset_istore_k(creation.id, 1), "preparing to create it") }
    return try handle(
      unsafe H5Fcreate(path, CHDF5_exclusive(), creation.id, access.id), "creating it")
  }

  private func fileAccess() throws(StoreError) -> HDF5Handle {
    let access = try handle(H5Pcreate(CHDF5_file_access()), "preparing to open it")
    // Closing the file closes everything that is still open in it; otherwise a forgotten handle
    // would keep the file open and locked.
    try check(H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG), "preparing to open it")
    return access
  }
}
