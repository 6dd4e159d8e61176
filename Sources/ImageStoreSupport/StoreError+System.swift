package import ImageStoreCore

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

extension StoreError {
  /// The error of a system call that failed.
  ///
  /// - Parameters:
  ///   - number: `errno` as the call left it.
  ///   - doing: what was being done, such as `opening it`.
  package static func system(_ number: Int32, _ doing: String, path: String?) -> StoreError {
    let reason = unsafe String(cString: strerror(number))
    let (code, remedy): (Code, String?) =
      switch number {
      case ENOENT: (.notFound, nil)
      case EEXIST, ENOTEMPTY: (.alreadyExists, nil)
      case EACCES, EPERM, EROFS: (.system, "check who may read and write there")
      case ENOSPC, EDQUOT: (.system, "make room on the disk")
      case EMFILE, ENFILE: (.system, "close files or raise the limit of open files")
      case EFBIG: (.system, "raise the limit of a file's size")
      default: (.system, nil)
      }
    return StoreError(
      code, "\(doing) failed: \(reason)", remedy: remedy, path: path, underlyingCode: number)
  }
}
