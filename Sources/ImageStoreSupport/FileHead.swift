internal import ImageStoreCore

/// The first bytes of a file, by which its kind is known.
package struct FileHead {
  private let file: MappedFile?

  /// There are no bytes of what is not a plain file.
  package init(_ path: String) {
    do throws(StoreError) {
      file = FileSystem.kind(of: path) == .file ? try MappedFile(path) : nil
    } catch {
      file = nil
    }
  }

  package func begins(with bytes: [UInt8], at offset: Int = 0) -> Bool {
    guard let file, let found = unsafe file.bytes(at: offset, count: bytes.count) else { return false }
    return unsafe found.elementsEqual(bytes)
  }

  /// Whether there is a plain file.
  package var isThere: Bool { file != nil }

  /// Whether the last component of a path ends with one of some suffixes.
  package static func hasSuffix(_ path: String, _ suffixes: [String]) -> Bool {
    let name = FileSystem.split(path).name.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }
}
