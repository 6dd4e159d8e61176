import CImageStoreHDF5
import ImageStoreCore

/// The right to call libhdf5: whoever holds this token holds the process-wide lock.
///
/// A public call takes the lock once, in ``run(_:)``, and hands the token down; no function that has the
/// token takes the lock again, and no function without it reaches the library. Handles are made by a
/// session and, being noncopyable, cannot be its result, so they are closed before the lock is released
/// and their deinit needs no lock. A store keeps no handle between calls: the library's file locks do not
/// outlast a session, a fork finds nothing half done, and the library is free for others.
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

  /// Does work that calls the library, which prints nothing meanwhile.
  static func run<Result>(
    _ body: (borrowing HDF5Session) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    HDF5Lock.shared.lock()
    defer { HDF5Lock.shared.unlock() }
    guard isStarted else { throw StoreError(.system, "libhdf5 cannot be started") }
    var session = HDF5Session()
    // Whether errors are printed is a setting of the thread, so it is made anew each time, and put back
    // for the sake of a program that uses the library itself.
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
  /// - Parameter doing: what was being done, such as `opening it`.
  func handle(_ id: hid_t, _ doing: String) throws(StoreError) -> HDF5Handle {
    guard id >= 0 else { throw error(doing) }
    return HDF5Handle(id)
  }

  /// Takes over the identifier of a file that is open through a driver of ours, and its access list, which alone keeps the driver:
  /// 1.10 lets go of a file's driver before it calls it to close the file.
  func handle(
    _ id: hid_t, with access: consuming HDF5Handle, _ doing: String
  ) throws(StoreError) -> HDF5Handle {
    guard id >= 0 else { throw error(doing) }
    return HDF5Handle(id, access: access.release())
  }

  /// Closes a file that was written, which writes what is left to write; other handles close by themselves,
  /// unheard.
  func close(_ handle: consuming HDF5Handle) throws(StoreError) {
    try check(H5Idec_ref(handle.release()), "writing it")
  }

  /// Checks what the library returned: a negative number says that it failed.
  @discardableResult
  func check<Status: SignedInteger>(_ status: Status, _ doing: String) throws(StoreError) -> Status {
    guard status >= 0 else { throw error(doing) }
    return status
  }
}

/// What the library gave an identifier to: a file, dataset, type, space or property list. Closed when the
/// value goes, which is within the session that made it.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  /// What is closed after it, if not negative.
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
