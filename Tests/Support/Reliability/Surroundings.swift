import CImageStoreFaults
import ImageStorePlatform
import ImageStoreSupport

/// All that is in a folder, so that a change of any of it is seen.
struct Surroundings: Equatable {
  struct Entry: Equatable {
    /// What kind of thing it is, and its mode.
    var mode: UInt32
    var owner: UInt32
    var group: UInt32
    /// The bytes of a file, or where a link leads.
    var bytes: [UInt8] = []
    /// Extended attributes of the user's.
    var attributes: [String: [UInt8]] = [:]
  }

  private(set) var entries: [String: Entry] = [:]

  /// - Parameter excluded: paths, relative to the folder, that are left out with all that is below.
  init(of folder: String, except excluded: [String] = []) throws {
    try add(folder, "", excluded)
  }

  private mutating func add(_ folder: String, _ name: String, _ excluded: [String]) throws {
    if excluded.contains(name) { return }
    let path = name.isEmpty ? folder : "\(folder)/\(name)"
    let entry = try Self.entry(path)
    entries[name] = entry
    guard FileSystem.kind(of: path, followingLinks: false) == .folder else { return }
    for child in try FileSystem.names(in: path) {
      try add(folder, name.isEmpty ? child : "\(name)/\(child)", excluded)
    }
  }

  /// What is at a path.
  static func entry(_ path: String) throws -> Entry {
    var status = stat()
    try require(unsafe lstat(path, &status) == 0, "nothing is at \(path)")
    var entry = Entry(mode: UInt32(status.st_mode), owner: status.st_uid, group: status.st_gid)
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      entry.bytes = try FileSystem.contents(of: path, limit: 1 << 28)
      entry.attributes["user.note"] = attribute("user.note", of: path)
    case S_IFLNK: entry.bytes = Array(linkTarget(path).utf8)
    default: break
    }
    return entry
  }

  private static func attribute(_ name: String, of path: String) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: 256)
    let count = unsafe value.withUnsafeMutableBytes {
      unsafe faults_get_attribute(path, name, $0.baseAddress, $0.count)
    }
    return count < 0 ? nil : Array(value.prefix(count))
  }

  /// What is not as it was, or nil.
  func difference(from now: Surroundings) -> String? {
    for name in Set(entries.keys).union(now.entries.keys).sorted() where entries[name] != now.entries[name] {
      let place = name.isEmpty ? "the folder itself" : "'\(name)'"
      guard let was = entries[name] else { return "\(place) has come" }
      guard let isNow = now.entries[name] else { return "\(place) is gone" }
      if was.bytes != isNow.bytes { return "\(place) has other bytes" }
      return "\(place) has mode \(String(isNow.mode, radix: 8)) of \(isNow.owner):\(isNow.group) instead of "
        + "\(String(was.mode, radix: 8)) of \(was.owner):\(was.group), or other attributes"
    }
    return nil
  }
}
