internal import CImageStoreSystem
package import ImageStoreCore
internal import ImageStorePlatform

// Changes to the names in an open folder. They are made by descriptor, so they happen in this
// folder even if its path changes in the meantime. A name is one component; symbolic links are
// never followed.

extension Folder {
  /// The kind of the file with a name directly in the folder, or nil if there is none; a symbolic
  /// link is ``FileSystem/Kind/other``.
  package func kind(of name: String) -> FileSystem.Kind? { status(of: name).map(FileSystem.Kind.init) }

  /// The identity and state of the file with a name; nil if there is none.
  package func state(of name: String) -> FileState? { status(of: name).map(FileState.init) }

  func status(of name: String) -> stat? {
    var status = stat()
    return unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  func status() throws(StoreError) -> stat {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system(errno, "looking up its owner", path: path)
    }
    return status
  }

  /// The names in the folder as the system has them, each ending with 0, in no order, without `.`
  /// and `..`. They need not be UTF-8.
  func rawNames() throws(StoreError) -> [[CChar]] {
    var names: [[CChar]] = []
    try forEachName { (name, _) in names.append(name) }
    return names
  }

  /// Visits the names in the folder as the system has them, each ending with 0, in no order,
  /// without `.` and `..`.
  ///
  /// - Parameter visit: takes the kind as the folder states it, a `DT_...` of readdir, or 0 if it
  ///   does not.
  func forEachName(_ visit: (_ name: [CChar], _ type: UInt8) -> Void) throws(StoreError) {
    let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { throw .system(errno, "opening the folder", path: path) }
    guard let stream = unsafe fdopendir(copy) else {
      let reason = errno
      _ = close(copy)
      throw .system(reason, "opening the folder", path: path)
    }
    defer { unsafe closedir(stream) }
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw .system(errno, "reading the folder", path: path) }
        return
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
        }
      }
      if name != [46, 0] && name != [46, 46, 0] { visit(name, unsafe entry.pointee.d_type) }
    }
  }

  /// The names in the folder, sorted by their bytes, without `.` and `..`.
  package func names() throws(StoreError) -> [String] {
    try rawNames().map { String(decoding: $0.dropLast().lazy.map(UInt8.init(bitPattern:)), as: UTF8.self) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Gives a file or folder a name that no other has, in one step if the system can; throws
  /// ``StoreError/Code/alreadyExists`` if the name is taken.
  package func moveExclusively(
    _ name: String, to folder: borrowing Folder, as newName: String
  ) throws(StoreError) {
    if unsafe image_stores_rename_exclusively(descriptor, name, folder.descriptor, newName) == 0 { return }
    let path = Destination.joined(folder.path, newName)
    switch errno {
    case EINVAL, ENOSYS, ENOTSUP:
      // This file system does not support such a rename.
      guard folder.status(of: newName) == nil else {
        throw .system(EEXIST, "moving it into place", path: path)
      }
      try move(name, over: newName, in: folder)
    default: throw .system(errno, "moving it into place", path: path)
    }
  }

  /// Gives a file or folder another name; a file or an empty folder that has it is replaced. Use it
  /// only for files that are proved to be this package's.
  func move(_ name: String, over newName: String, in folder: borrowing Folder) throws(StoreError) {
    guard unsafe renameat(descriptor, name, folder.descriptor, newName) == 0 else {
      throw .system(errno, "moving it into place", path: Destination.joined(folder.path, newName))
    }
  }

  /// Exchanges the names of two files or folders.
  ///
  /// - Returns: false if this file system cannot do that in one step.
  func exchange(
    _ name: String, with other: String, in folder: borrowing Folder
  ) throws(StoreError) -> Bool {
    if unsafe image_stores_exchange(descriptor, name, folder.descriptor, other) == 0 { return true }
    switch errno {
    case EINVAL, ENOSYS, ENOTSUP: return false
    default: throw .system(errno, "moving it into place", path: Destination.joined(folder.path, other))
    }
  }

  /// Removes a file, or a folder with all its contents. A symbolic link is removed, not followed; a
  /// file on another device is an error. Use it only for the contents of a ``WorkFolder``.
  func removeAll(_ name: UnsafePointer<CChar>) throws(StoreError) {
    if unsafe unlinkat(descriptor, name, 0) == 0 || errno == ENOENT { return }
    let reason = errno
    let path = unsafe Destination.joined(path, String(cString: name))
    var status = stat()
    guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      status.st_mode & S_IFMT == S_IFDIR
    else {
      throw .system(reason, "removing it", path: path)
    }
    let file = unsafe openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { throw .system(errno, "removing it", path: path) }
    let folder = Folder(path, file)
    guard try folder.status().st_dev == self.status().st_dev else {
      throw StoreError(.system, "another file system is mounted there", remedy: "unmount it", path: path)
    }
    for entry in try folder.rawNames() { try unsafe folder.removeAll(entry) }
    guard unsafe unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else {
      throw .system(errno, "removing it", path: path)
    }
  }
}
