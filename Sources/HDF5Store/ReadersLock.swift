import ImageStoreCore
import ImageStoreSupport

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The lock that libhdf5 takes on a file it reads, by which programs that write to a file and programs that read it keep apart.
///
/// A file system without locks is read without, and so is every file if `HDF5_USE_FILE_LOCKING` says so, as for the library.
struct ReadersLock {
  private let descriptor: Int32

  /// - Throws: ``StoreError/Code/busy`` if a writer has its lock.
  init(_ descriptor: Int32) throws(StoreError) {
    self.descriptor = descriptor
    if let setting = unsafe getenv("HDF5_USE_FILE_LOCKING") {
      let text = unsafe String(cString: setting)
      if text == "FALSE" || text == "0" { return }
    }
    while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { return }
      throw StoreError(
        .busy, "another program has the file open for writing",
        remedy: "let it close the file, and try again")
    }
  }

  func release() { _ = flock(descriptor, LOCK_UN) }
}

/// A reader's lock that is held for as long as the value lives.
struct ReadersHold: ~Copyable {
  private let file: File

  init(_ path: String) throws(StoreError) {
    let file = try File(path, .read)
    // Closing the file releases the lock.
    _ = try ReadersLock(file.descriptor)
    self.file = file
  }
}
