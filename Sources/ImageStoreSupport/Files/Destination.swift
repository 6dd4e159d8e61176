package import ImageStoreCore
internal import ImageStorePlatform

/// The place of an existing or new store: a real folder and a name in it that is not a symbolic
/// link, found once. All later locks, staging and renames happen there, whichever path led to it.
package struct Destination: Sendable {
  /// The path without any symbolic link.
  package let path: String
  /// The folder, and the name in it.
  let folder: String
  let name: String

  /// - Parameter given: the path as the user gave it. A symbolic link is followed to what it names.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a name that no file can have, and for a link
  ///   whose target does not exist, or that another user put into a folder that others can write
  ///   to; ``StoreError/Code/notFound`` if the folder does not exist.
  package init(_ given: String) throws(StoreError) {
    let (parent, last) = FileSystem.split(given)
    guard !last.isEmpty, last != ".", last != "..", last != "/" else {
      throw StoreError(.invalidArgument, "a store cannot be written to this path", path: given)
    }
    guard FileSystem.kind(of: parent) == .folder, let real = Self.realPath(parent) else {
      throw StoreError(
        .notFound, "the folder for it does not exist", remedy: "create \(parent)", path: given)
    }
    let path = Self.joined(real, last)
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else {
      (self.path, folder, name) = (path, real, last)
      return
    }
    try Self.checkMayFollow(status, in: real, given)
    guard let target = Self.realPath(path) else {
      throw StoreError(
        .invalidArgument, "the target of this symbolic link does not exist",
        remedy: "give the path of the target",
        path: given)
    }
    self.path = target
    (folder, name) = FileSystem.split(target)
  }

  /// Refuses a store that would be written inside its source or around it.
  ///
  /// - Parameter sources: the files and folders that are being read.
  package static func check(
    _ destination: String, isApartFrom sources: [String]
  ) throws(StoreError) {
    // A path that cannot be resolved is refused, with the reason, when it is opened.
    guard let target = (try? Destination(destination))?.path else { return }
    for source in sources {
      guard let source = realPath(source), source != target else { continue }
      if isWithin(target, source) {
        throw StoreError(
          .invalidArgument, "it would be inside \(source), which is being read", remedy: "write it elsewhere",
          path: destination)
      }
      if isWithin(source, target) {
        throw StoreError(
          .invalidArgument, "it would replace \(source), which is being read",
          remedy: "write it elsewhere",
          path: destination)
      }
    }
  }

  /// Whether a real path is within the folder at another.
  private static func isWithin(_ path: String, _ folder: String) -> Bool {
    path.utf8.starts(with: (folder == "/" ? folder : folder + "/").utf8)
  }

  /// A link in a folder that others can write to may be a trap: it is followed only if it belongs
  /// to the user, to root or to the folder's owner. Linux does the same in sticky folders
  /// (`protected_symlinks` of proc(5)).
  private static func checkMayFollow(_ link: stat, in folder: String, _ given: String) throws(StoreError) {
    var parent = stat()
    guard unsafe stat(folder, &parent) == 0 else {
      throw .system(errno, "looking up its owner", path: folder)
    }
    let isShared = parent.st_mode & (S_IWGRP | S_IWOTH) != 0
    let isTrusted = link.st_uid == geteuid() || link.st_uid == 0 || link.st_uid == parent.st_uid
    guard !isShared || isTrusted else {
      throw StoreError(
        .invalidArgument,
        "this is a symbolic link made by another user, in a folder that others can write to",
        remedy: "give the path it leads to", path: given)
    }
  }

  static func joined(_ folder: String, _ name: String) -> String {
    folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  static func realPath(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }
}
