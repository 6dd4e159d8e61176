#if ObjectStorage
internal import ImageStorePlatform

/// A value behind a lock that works in a forked child. Swift's own `Mutex` does not on Linux: it
/// keeps the number of the thread, which is another one in the child, and ends the process once two
/// threads contend for it.
///
/// Invariant behind `@unchecked Sendable`: the value is used only by the holder of the lock.
@safe final class Locked<Value>: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  init(_ value: sending Value) {
    unsafe lock = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    self.value = value
  }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe lock.deallocate()
  }

  func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return try body(&value)
  }
}
#endif
