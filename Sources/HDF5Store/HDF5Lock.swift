#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The lock that stands before every call of libhdf5: the library runs one thread at a time, and a build
/// without thread safety leaves it to the caller to see to that.
///
/// A fork waits until the lock is free, so that the child neither inherits it taken, which no thread there could
/// release, nor finds the library at work.
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
