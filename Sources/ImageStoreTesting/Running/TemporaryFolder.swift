import ImageStorePlatform

/// A folder that is removed with all it holds.
package struct TemporaryFolder: ~Copyable {
  package let path: String

  package init() throws {
    var parent = "/tmp"
    if let variable = unsafe getenv("TMPDIR"), unsafe variable.pointee != 0 {
      parent = unsafe String(cString: variable)
    }
    var template = Array("\(parent)/image-store-check-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw PlanViolation("no temporary folder can be made in \(parent)")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The names of the files and folders within, sorted.
  package var entries: [String] { Self.entries(of: path) ?? [] }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    // A symbolic link is removed, not followed.
    if unsafe unlink(path) == 0 { return }
    for entry in entries(of: path) ?? [] { remove("\(path)/\(entry)") }
    _ = unsafe rmdir(path)
  }

  /// The names in a folder, or nil if there is no such folder.
  private static func entries(of path: String) -> [String]? {
    guard let folder = unsafe opendir(path) else { return nil }
    defer { unsafe _ = closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
