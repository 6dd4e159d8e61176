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
  }

  func lock() { unsafe pthread_mutex_lock(mutex) }
  func unlock() { unsafe pthread_mutex_unlock(mutex) }
}
