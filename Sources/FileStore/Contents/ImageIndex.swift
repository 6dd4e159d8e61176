internal import ImageStoreCodecs
internal import ImageStoreSupport

/// Finds images by their names in tables: paths, file names, and names without a suffix.
struct ImageIndex {
  private let paths: NameList
  /// By the path without the suffix, by the name of the folder and the file, and by the name of the
  /// file alone.
  private var byPath = Chains()
  private var byTail = Chains()
  private var byName = Chains()

  /// The result of looking for an image.
  enum Result: Equatable {
    case image(Int)
    case none
    /// Two of the candidates.
    case several(Int, Int)
  }

  /// If more images than this have the same name, the name does not mean any of them.
  private static let mostAlike = 1000

  init(_ paths: NameList) {
    self.paths = paths
    for (position, path) in paths.enumerated() {
      let parts = path.split(separator: UInt8(ascii: "/"))
      let stem = Self.stem(parts[parts.count - 1])
      byPath.append(position, Self.key(parts.dropLast(), stem))
      byTail.append(position, Self.key(parts.dropLast().suffix(1), stem))
      byName.append(position, Array(stem))
    }
  }

  /// The image with a name.
  ///
  /// A path matches if it is the image's, or if the folders of the one are the last folders of the
  /// other, so that tables can be moved to another machine with their images. A name without a
  /// suffix matches any image with that name.
  ///
  /// - Parameter folder: the path of the folder that the table is in, to which its paths may be relative.
  func find(_ name: [UInt8], in folder: [UInt8]) -> Result {
    guard !name.isEmpty, !name.contains(0) else { return .none }
    let found = look(for: name, in: folder)
    guard case .none = found, name.contains(UInt8(ascii: "\\")) else { return found }
    return look(for: name.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }, in: folder)
  }

  private func look(for name: [UInt8], in folder: [UInt8]) -> Result {
    guard !Self.isURL(name) else { return .none }
    let parts = name.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
    guard let base = parts.last, !parts.contains(where: { $0.elementsEqual("..".utf8) }) else { return .none }
    let stated = parts.dropLast()
    let hasSuffix = ImageCodecs.areName(base)
    let stem = Self.stem(base)
    func isMeant(_ position: Int) -> Bool {
      let found = paths[position].split(separator: UInt8(ascii: "/"))
      guard !hasSuffix || found[found.count - 1].elementsEqual(base) else { return false }
      let count = Swift.min(found.count - 1, stated.count)
      return found.dropLast().suffix(count).elementsEqual(stated.suffix(count)) { $0.elementsEqual($1) }
    }
    let inFolder = folder.split(separator: UInt8(ascii: "/"))
    let exact = byPath.positions(Self.key(inFolder + stated, stem), atMost: Self.mostAlike).filter(isMeant)
    if let found = Self.result(exact) { return found }
    var others: [Int]
    if let parent = stated.last {
      others = byTail.positions(Self.key([parent], stem), atMost: Self.mostAlike)
      // Pictures without a folder may have been in any folder.
      others += byPath.positions(Array(stem), atMost: Self.mostAlike)
    } else {
      others = byName.positions(Array(stem), atMost: Self.mostAlike)
    }
    return Self.result(others.filter(isMeant)) ?? .none
  }

  private static func result(_ found: [Int]) -> Result? {
    guard let first = found.first else { return nil }
    return found.count == 1 ? .image(first) : .several(found[1], first)
  }

  /// Whether a name is that of a file in another folder.
  private static func isURL(_ name: [UInt8]) -> Bool {
    guard let colon = name.firstIndex(of: UInt8(ascii: ":")), colon + 2 < name.count else { return false }
    return name[colon + 1] == UInt8(ascii: "/") && name[colon + 2] == UInt8(ascii: "/")
  }

  private static func key(_ folders: some Sequence<ArraySlice<UInt8>>, _ stem: ArraySlice<UInt8>) -> [UInt8] {
    var key: [UInt8] = []
    for folder in folders {
      key += folder
      key.append(UInt8(ascii: "/"))
    }
    return key + stem
  }

  private static func stem(_ base: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard ImageCodecs.areName(base), let dot = base.lastIndex(of: UInt8(ascii: ".")) else { return base }
    return base[..<dot]
  }
}

/// Positions by keys, those of a key one after another.
private struct Chains {
  private var last: [[UInt8]: Int32] = [:]
  private var previous: [Int32] = []

  /// Adds the next position.
  mutating func append(_ position: Int, _ key: [UInt8]) {
    previous.append(last.updateValue(Int32(truncatingIfNeeded: position), forKey: key) ?? -1)
  }

  /// The positions of a key, the last first.
  func positions(_ key: [UInt8], atMost most: Int) -> [Int] {
    var positions: [Int] = []
    var position = last[key] ?? -1
    while position >= 0, positions.count < most {
      positions.append(Int(position))
      position = previous[Int(position)]
    }
    return positions
  }
}
