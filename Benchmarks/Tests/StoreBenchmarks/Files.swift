import Foundation

/// Files by their paths.
enum Files {
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func remove(_ path: String) throws {
    if exists(path) { try FileManager.default.removeItem(atPath: path) }
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
