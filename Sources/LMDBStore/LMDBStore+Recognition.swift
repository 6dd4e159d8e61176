internal import ImageStoreCore
internal import ImageStoreSupport

extension LMDBStore {
  /// What is at a path besides a finished store that this package wrote, in a few words; nil if there is nothing else.
  ///
  /// The folder may have the data file, LMDB's lock, and the work folder of an append that died. The data file must be a database
  /// with nothing in it but what a writer of this package puts there.
  static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path, followingLinks: false) == .folder else { return "not a folder" }
    let folder = try Folder(path)
    for name in try folder.names() {
      let isExpected =
        switch name {
        // The lock is not opened: closing it would give up the locks that this process has on it.
        case EnvironmentFiles.data, EnvironmentFiles.lock: folder.kind(of: name) == .file
        default: try folder.isWorkFolder(name)
        }
      guard isExpected else { return "a folder with \(name)" }
    }
    guard folder.kind(of: EnvironmentFiles.data) == .file else { return "a folder without a data.mdb" }
    do throws(StoreError) {
      let store = try LMDBStore(toBeAppendedTo: path)
      return try store.stranger().map { "a database with a value of another program, \($0)" }
    } catch {
      switch error.code {
      case .unsupported: return "a database of another program or a later release"
      case .corrupt, .unrecognized, .limitExceeded: return "a damaged database (\(error.message))"
      default: throw error
      }
    }
  }

  /// The key of a value that no writer of this package writes, if there is one.
  private func stranger() throws(StoreError) -> String? {
    guard case .records(let records) = contents.annotations else { return nil }
    let known = [StoreKey.metadata, StoreKey.classNames, StoreKey.checksum(of: StoreKey.classNames)]
    let others =
      records.parts.keys.filter { !StoreKey.isRecord($0) }
      + records.singles.keys.filter { !known.contains($0) }
    if let first = others.min() { return first }
    do throws(StoreError) {
      _ = try contents.unfinished?.keys(hasBlocks: count > 0 ? contents.hasBlocks : nil)
      return nil
    } catch {
      return error.key
    }
  }
}
