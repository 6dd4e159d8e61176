import ImageStoreCore
import ImageStoreSupport

extension PackedBitStore {
  /// Says in a few words what is at a path besides a store that this package wrote, such as `a folder with notes.txt besides
  /// masks`; nil if it is such a store and nothing else.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path) == .folder else { return "not a folder of packed masks" }
    let folder = try Folder(path)
    let found: MaskFolder
    do throws(StoreError) {
      found = try MaskFolder(at: path)
    } catch {
      guard error.code != .system else { throw error }
      let isThere = folder.kind(of: PackedBitDescription.fileName) == .file
      return isThere ? "a folder of packed masks that cannot be read" : "not a folder of packed masks"
    }
    guard found.description.states != nil else {
      return "a folder of packed masks that another program wrote"
    }
    guard found.description.isIntact, found.state != nil else {
      return "a folder of packed masks that is damaged"
    }
    if let other = try other(in: folder, found) { return "a folder with \(other) besides packed masks" }
    return nil
  }

  private static func other(
    in folder: borrowing Folder, _ found: MaskFolder
  ) throws(StoreError) -> String? {
    let own = found.ownFiles()
    for name in try folder.names() {
      switch (name, folder.kind(of: name)) {
      case (MaskFile.name, .file), (PackedBitDescription.fileName, .file): continue
      case (_, .file) where own.contains(Array(name.utf8)): continue
      case (MaskFolder.columnsFolder, .folder):
        let columns = try folder.folder(name)
        let other = try columns.names().first {
          columns.kind(of: $0) != .file || !own.contains(Array("\(name)/\($0)".utf8))
        }
        if let other { return "\(name)/\(other)" }
      case (HeldStore.workFolderName, .folder):
        let other = try folder.folder(name).names().first { !HeldStore.workNames.contains($0) }
        if let other { return "\(name)/\(other)" }
      default: return name
      }
    }
    return nil
  }
}
