import Foundation

/// Files by their paths.
enum Files {
  /// A file system in memory.
  static let memory = "/dev/shm"

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Puts what is at a path out of the way.
  ///
  /// Folders of many files are kept until the end of all measurements: for minutes after thousands
  /// of files were deleted, ext4 looks through their inodes one by one before it gives out another,
  /// and what is measured is that. All else is deleted: a virtual machine may have to ask its host
  /// for memory that no file has had before.
  static func clear(_ path: String) throws {
    guard exists(path) else { return }
    guard (FileManager.default.subpaths(atPath: path) ?? []).count > 100 else {
      return try FileManager.default.removeItem(atPath: path)
    }
    let trash = (path as NSString).deletingLastPathComponent + "/trash"
    try FileManager.default.createDirectory(atPath: trash, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: path, toPath: "\(trash)/\(UUID().uuidString)")
  }

  /// What a file, or all files below a folder, take: as their sizes say, and as the disk keeps them.
  static func sizes(_ path: String) -> (apparent: Int, allocated: Int) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return (0, 0) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return (Int(status.st_size), Int(status.st_blocks) * 512)
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.reduce((0, 0)) { total, name in
      let part = sizes("\(path)/\(name)")
      return (total.0 + part.apparent, total.1 + part.allocated)
    }
  }
}
