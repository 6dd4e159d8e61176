import ImageStorePlatform
import ImageStoreSupport

/// A folder that goes with the value. It is in memory if the system has a file system for that, so
/// that the many synchronised writes of these checks do not wait for a disk.
package final class WorkFolder: Sendable {
  package let path: String

  package convenience init() throws {
    let parents = [environment("IMAGE_STORES_WORK"), "/dev/shm", environment("TMPDIR"), "/tmp"]
    guard let parent = parents.compactMap({ $0 }).first(where: { unsafe access($0, W_OK) == 0 }) else {
      throw Violation("no folder for temporary files")
    }
    try self.init(in: parent)
  }

  package init(in parent: String) throws {
    var template = Array("\(parent)/image-stores-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Violation("no folder can be made in \(parent)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? Files.remove(path) }

  /// Removes what is in the folder.
  package func clear() throws {
    for name in try FileSystem.names(in: path) { try Files.remove("\(path)/\(name)") }
  }
}

/// The value of an environment variable that is set to something.
package func environment(_ name: String) -> String? {
  guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
  return unsafe String(cString: value)
}

/// How many files this process has open, or nil if the system does not tell. What libdispatch opens
/// for itself is left out: what it keeps has no name, and now and then it looks at `/proc` for what
/// its threads do.
package func openFileCount() -> Int? {
  for folder in ["/proc/self/fd", "/dev/fd"] {
    guard let names = try? FileSystem.names(in: folder) else { continue }
    return names.count { name in
      // One that was closed since the folder was read leads nowhere.
      let target = linkTarget("\(folder)/\(name)")
      return !target.isEmpty && !["anon_inode:", "/proc/", "/sys/"].contains { target.hasPrefix($0) }
    }
  }
  return nil
}

/// Where a symbolic link leads.
package func linkTarget(_ path: String) -> String {
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe readlink(path, $0.baseAddress!, $0.count) }
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}
