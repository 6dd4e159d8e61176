import ImageStoreCore

/// A file of a set: of a folder or of an archive.
struct BatchFile: Sendable {
  let role: FileRole
  let memory: BatchMemory
  /// The file, or the archive it is in.
  let path: String
  /// Its name in the archive.
  let member: String?

  /// An error that says which file it is about.
  func place(_ error: StoreError) -> StoreError {
    error.at(path: path, key: member)
  }
}
