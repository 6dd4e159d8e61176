internal import ImageStorePlatform

/// A lock with two conditions to wait for, which the standard library's `Mutex` does not have.
///
/// Invariant behind `@unchecked Sendable`: the objects of the system stay at their addresses for as long as
/// the monitor lives, and are used as POSIX prescribes.
@safe final class Monitor: @unchecked Sendable {
  enum Condition: Int {
    case worker = 0
    case consumer = 1
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let conditions = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 2)

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(conditions, nil)
    unsafe pthread_cond_init(conditions + 1, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(conditions)
    unsafe pthread_cond_destroy(conditions + 1)
    unsafe pthread_mutex_destroy(mutex)
    unsafe conditions.deallocate()
    unsafe mutex.deallocate()
  }

  func lock() { unsafe pthread_mutex_lock(mutex) }

  func unlock() { unsafe pthread_mutex_unlock(mutex) }

  func withLock<Result>(_ body: () -> Result) -> Result {
    lock()
    defer { unlock() }
    return body()
  }

  /// Releases the lock until the condition is signalled (or for no reason), and takes it again.
  func wait(for condition: Condition) { unsafe pthread_cond_wait(conditions + condition.rawValue, mutex) }

  func signal(_ condition: Condition) { unsafe pthread_cond_broadcast(conditions + condition.rawValue) }
}
