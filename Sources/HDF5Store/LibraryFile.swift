import ImageStoreCore
import StoreIO

/// A file that the library opens when it is needed and closes again, the same one for as long as the store
/// is open even when another takes its name.
final class LibraryFile: Sendable {
  let path: String
  private let file: File

  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .read)
  }

  /// Which file it is.
  func identity() throws(StoreError) -> FileIdentity { try file.identity() }

  /// Opens the file for one session.
  ///
  /// - Throws: ``StoreError/Code/notFound`` where another file has taken its name and the system does not
  ///   let a descriptor be opened by name.
  func withFile<Result>(
    _ body: (borrowing HDF5Session, borrowing HDF5Handle) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      return try HDF5Session.run { (session) throws(StoreError) in
        try body(session, try open(session))
      }
    } catch {
      throw error.at(path: path)
    }
  }

  private func open(_ session: borrowing HDF5Session) throws(StoreError) -> HDF5Handle {
    while true {
      let name = try openableName()
      let handle = try session.openFile(name)
      // A writer may have put another file in its place between the two; then the name has changed for good.
      if try FileIdentity(ofPath: name) == file.identity() { return handle }
    }
  }

  private func openableName() throws(StoreError) -> String {
    let identity = try file.identity()
    if FileIdentity(ofPath: path) == identity { return path }
    // Linux opens a file anew that has lost its name.
    let name = "/proc/self/fd/\(file.descriptor)"
    if FileIdentity(ofPath: name) == identity { return name }
    throw StoreError(
      .notFound, "another file has taken its place since it was opened", remedy: "open it again", path: path)
  }

  /// Fills memory with bytes of the file.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) {
    try unsafe file.read(at: offset, into: buffer)
  }
}
