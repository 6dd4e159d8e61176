#if canImport(FoundationEssentials)
public import struct FoundationEssentials.URL
#else
public import struct Foundation.URL
#endif

// The one place of the core that knows Foundation, and of it only the type URL.

/// Where a store is in the file system: a path, or the URL of a file.
///
///     let train = try LMDBStore(at: "data/train.lmdb")
///     let test = try LMDBStore(at: URL(filePath: "data/test.lmdb"))
///
/// A relative path is relative to the process's working folder.
public protocol StorePath {
  /// The path as the system takes it.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a URL that is not a file URL.
  func storePath() throws(StoreError) -> String
}

extension String: StorePath {
  /// The path itself.
  public func storePath() throws(StoreError) -> String { self }
}

extension URL: StorePath {
  /// The path of a file URL.
  public func storePath() throws(StoreError) -> String {
    guard isFileURL else {
      throw StoreError(
        .invalidArgument, "the URL is not a file URL", remedy: "make one with URL(filePath:)",
        path: absoluteString)
    }
    let path = path(percentEncoded: false)
    // A URL of a folder ends with a slash, which the path of a store that is a file must not.
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
