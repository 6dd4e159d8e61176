internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport
internal import Synchronization

/// Reads one commit of a database that may be written to at the same time.
enum Snapshot {
  /// Attempts before giving up on a database that keeps changing; they take some seconds.
  private static let attempts = 200

  /// Reads the last commit of the data file at a path.
  ///
  /// - Parameter body: called again if a writer overwrote pages of the commit while it was read.
  /// - Throws: what `body` throws on pages that did not change; ``StoreError/Code/busy`` if they
  ///   always changed.
  static func read<Result>(
    _ path: String, _ body: (Tree) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try read(path, { () throws(StoreError) in try DatabaseFile(path) }, body)
  }

  /// Reads the last commit of a file that is open, as ``read(_:_:)`` does.
  static func readLast<Result>(
    of file: DatabaseFile, _ body: (Tree) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try read(file.path, { () throws(StoreError) in try DatabaseFile(again: file) }, body)
  }

  private static func read<Result>(
    _ path: String, _ open: () throws(StoreError) -> DatabaseFile,
    _ body: (Tree) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    for attempt in 0..<attempts {
      if attempt > 0 { usleep(UInt32(min(attempt, 20)) * 1000) }
      let file = try open()
      do throws(StoreError) {
        let meta = try file.lastMeta()
        let result: Swift.Result<Result, StoreError>
        do throws(StoreError) {
          result = .success(try body(Tree(file, meta)))
        } catch {
          // The commit may be in what the file has grown by since it was mapped.
          if error.code == .corrupt, try file.hasGrown() { continue }
          result = .failure(error)
        }
        guard file.holds(meta) else { continue }
        return try result.get()
      } catch {
        throw error.at(path: path)
      }
    }
    throw StoreError(
      .busy, "other programs keep changing the database while it is read",
      remedy: "let them finish and try again", path: path)
  }
}
