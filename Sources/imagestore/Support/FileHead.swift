internal import ImageStoreCore
internal import StoreIO

/// The first bytes of a file, by which its kind is known.
struct FileHead {
  private let file: MappedFile?

  /// Of what is no plain file there are no bytes.
  init(_ path: String) {
    do throws(StoreError) {
      file = FileSystem.kind(of: path) == .file ? try MappedFile(path) : nil
    } catch {
      file = nil
    }
  }

  func begins(with bytes: [UInt8], at offset: Int) -> Bool {
    guard let file, let found = unsafe file.bytes(at: offset, count: bytes.count) else { return false }
    return unsafe found.elementsEqual(bytes)
  }

  /// Whether there is a plain file.
  var isThere: Bool { file != nil }

  /// Whether the last component of a path ends with one of some suffixes.
  static func hasSuffix(_ path: String, _ suffixes: [String]) -> Bool {
    let name = FileSystem.split(path).name.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }
}
