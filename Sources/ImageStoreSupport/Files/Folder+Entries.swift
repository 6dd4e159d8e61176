internal import CImageStoreSystem
package import ImageStoreCore
internal import ImageStorePlatform

// Names as other programs gave them: bytes that need not be UTF-8.

extension Folder {
  /// Something that is directly in a folder.
  package struct Entry: Sendable {
    package enum Kind: Sendable {
      case file, folder, link, other
    }

    /// The name's bytes.
    package var name: [UInt8]
    package var kind: Kind
  }

  /// What is in the folder, sorted by the bytes of the names.
  package func entries() throws(StoreError) -> [Entry] {
    var entries: [Entry] = []
    try forEachName { (name, type) in
      entries.append(Entry(name: name.dropLast().map { UInt8(bitPattern: $0) }, kind: kind(of: name, type)))
    }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return entries
  }

  /// The kind of an entry, from the folder if the folder states it.
  private func kind(of name: [CChar], _ type: UInt8) -> Entry.Kind {
    switch type {
    case 4: return .folder
    case 8: return .file
    case 10: return .link
    case 0: break
    default: return .other
    }
    var status = stat()
    guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .other }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// The kind of a symbolic link's target, wherever it is; nil if the target does not exist.
  package func kind(ofTarget name: [UInt8]) -> FileSystem.Kind? {
    var status = stat()
    let name = name.map { CChar(bitPattern: $0) } + [0]
    return unsafe fstatat(descriptor, name, &status, 0) == 0 ? FileSystem.Kind(status) : nil
  }

  /// The text of a symbolic link; nil for anything else.
  package func link(_ name: [UInt8]) -> [UInt8]? {
    let name = name.map { CChar(bitPattern: $0) } + [0]
    var target = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlinkat(descriptor, name, &target, target.count)
    return count < 0 ? nil : target[..<count].map { UInt8(bitPattern: $0) }
  }

  /// Opens a folder below by its path; symbolic links in it are followed as long as they do not
  /// leave this folder.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if a link leaves the folder.
  package func folder(below path: [UInt8]) throws(StoreError) -> Folder {
    let name = path.map { CChar(bitPattern: $0) } + [0]
    let shown = path.elementsEqual(".".utf8) ? self.path : "\(self.path)/\(shownName(path))"
    do throws(StoreError) {
      return Folder(shown, try unsafe openBeneath(name, O_RDONLY | O_DIRECTORY, "opening the folder"))
    } catch {
      throw error.at(path: shown)
    }
  }

  /// The identity of this folder, independent of the path.
  package func identity() throws(StoreError) -> FileIdentity { FileIdentity(try status()) }
}

/// Bytes of a name as text: UTF-8 as it is, and what is not UTF-8 with `\xHH` for each byte beyond
/// ASCII, so that different names stay different.
package func shownName(_ bytes: some Collection<UInt8>) -> String {
  let bytes = Array(bytes)
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var text = ""
  for byte in bytes {
    if byte < 0x80 {
      text.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      text += "\\x" + String(byte, radix: 16)
    }
  }
  return text
}
