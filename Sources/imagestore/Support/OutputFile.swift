internal import ImageStoreCore
internal import StoreIO

/// Small files that commands leave.
enum OutputFile {
  /// Writes a file, whole or not at all; one that is there is replaced.
  static func write(_ bytes: [UInt8], to path: String) throws(StoreError) {
    let folder = FileSystem.split(path).folder
    guard FileSystem.kind(of: folder) == .folder else {
      throw StoreError(
        .notFound, "the folder it is to stand in does not exist", remedy: "create \(folder)", path: path)
    }
    if FileSystem.kind(of: path) == .folder {
      throw StoreError(.alreadyExists, "there is a folder of that name", path: path)
    }
    try FileSystem.replaceFile(path, with: bytes)
  }
}
