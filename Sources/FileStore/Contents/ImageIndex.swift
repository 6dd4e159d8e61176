internal import ImageStoreSupport

/// Finds images by what tables call them: paths, file names, and names without a suffix.
struct ImageIndex {
  private let paths: NameList
  /// By the name of a file without its suffix: the first image, from which ``next`` leads to the others.
  private var first: [[UInt8]: Int32] = [:]
  private var next: [Int32] = []

  /// What looking for an image comes to.
  enum Result: Equatable {
    case image(Int)
    case none
    /// Two of those that it may be.
    case several(Int, Int)
  }

  init(_ paths: NameList) {
    self.paths = paths
    next.reserveCapacity(paths.count)
    first.reserveCapacity(paths.count)
    for (position, path) in paths.enumerated() {
      let stem = Array(Self.stem(Self.base(path)))
      next.append(first.updateValue(Int32(position), forKey: stem) ?? -1)
    }
  }

  /// The image of a name.
  ///
  /// A path is right if it is the image's, or if the folders of the one are the last of those of the other, so that tables may be
  /// moved to another machine with their images. A name without a suffix stands for any image that is called so.
  ///
  /// - Parameter folder: the path of the folder that the table is in, to which its paths may be relative.
  func find(_ name: [UInt8], in folder: [UInt8]) -> Result {
    guard !name.isEmpty, !name.contains(0) else { return .none }
    let found = look(for: name, in: folder)
    guard case .none = found, name.contains(UInt8(ascii: "\\")) else { return found }
    return look(for: name.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }, in: folder)
  }

  private func look(for name: [UInt8], in folder: [UInt8]) -> Result {
    // A URL is of another place.
    var wasColon = false
    for (position, byte) in name.enumerated() {
      if wasColon, byte == UInt8(ascii: "/"), position + 1 < name.count, name[position + 1] == byte {
        return .none
      }
      wasColon = byte == UInt8(ascii: ":")
    }
    let parts = name.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
    guard let base = parts.last, !parts.contains(where: { $0.elementsEqual("..".utf8) }) else { return .none }
    let hasSuffix = FolderContents.isImage(base)
    let inFolder = folder.isEmpty ? [] : folder.split(separator: UInt8(ascii: "/"))
    var fitting: [Int] = []
    var exact: Int?
    for key in hasSuffix ? [Self.stem(base)] : [base] {
      var position = first[Array(key)] ?? -1
      while position >= 0 {
        defer { position = next[Int(position)] }
        let found = paths[Int(position)].split(separator: UInt8(ascii: "/"))
        guard !hasSuffix || found.last!.elementsEqual(base) else { continue }
        let folders = found.dropLast()
        let stated = parts.dropLast()
        if folders.elementsEqual(inFolder + stated, by: { $0.elementsEqual($1) }) {
          if let exact { return .several(exact, Int(position)) }
          exact = Int(position)
        }
        let count = Swift.min(folders.count, stated.count)
        guard folders.suffix(count).elementsEqual(stated.suffix(count), by: { $0.elementsEqual($1) }) else {
          continue
        }
        if fitting.count < 2 { fitting.append(Int(position)) }
      }
    }
    if let exact { return .image(exact) }
    if fitting.count > 1 { return .several(fitting[1], fitting[0]) }
    return fitting.first.map { .image($0) } ?? .none
  }

  private static func base(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path
  }

  private static func stem(_ base: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard FolderContents.isImage(base), let dot = base.lastIndex(of: UInt8(ascii: ".")) else { return base }
    return base[..<dot]
  }
}
