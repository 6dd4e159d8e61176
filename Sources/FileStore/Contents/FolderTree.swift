internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport

/// A folder that another program made, with its contents as far as they matter for images.
final class FolderNode {
  let name: [UInt8]
  /// The path in the store's folder, with links to folders resolved if they are absolute; empty for
  /// the store's folder.
  let path: [UInt8]
  /// The files with names of images, sorted by their bytes.
  fileprivate(set) var images = NameList()
  /// The targets of files that are absolute links.
  fileprivate(set) var targets: [Int: [UInt8]] = [:]
  /// The folders in it, sorted by their bytes.
  fileprivate(set) var folders: [FolderNode] = []
  /// The other files.
  fileprivate(set) var others: [[UInt8]] = []
  /// Folders with names of images next to images, which programs keep thumbnails in.
  fileprivate(set) var skipped: [[UInt8]] = []
  /// How many images there are in it and below.
  fileprivate(set) var imageCount = 0

  fileprivate init(name: [UInt8], path: [UInt8]) {
    self.name = name
    self.path = path
  }

  var shownName: String { ImageStoreSupport.shownName(name) }

  var foldersWithImages: [FolderNode] { folders.filter { $0.imageCount > 0 } }

  /// The path of an image that is directly in the folder.
  func path(ofImage position: Int) -> [UInt8] { targets[position] ?? path(of: images[position]) }

  /// The path of something that is directly in the folder.
  func path(of name: some Collection<UInt8>) -> [UInt8] {
    path.isEmpty ? Array(name) : path + [UInt8(ascii: "/")] + name
  }

  /// A folder below.
  func folder(at path: String) -> FolderNode? {
    var node = self
    for name in path.utf8.split(separator: UInt8(ascii: "/")) {
      if name.elementsEqual(".".utf8) { continue }
      guard let next = node.folders.first(where: { $0.name.elementsEqual(name) }) else { return nil }
      node = next
    }
    return node === self ? nil : node
  }
}

/// Finds the folders and images of a folder. Links to folders are followed within it, and refused
/// by name if they lead out.
struct FolderTree {
  private var linkedCount = 0
  private let realRoot: [UInt8]?

  /// Many links may lead to one folder, and each is followed.
  private static let maximumLinkedCount = 100_000
  private static let maximumDepth = 32
  /// Names that systems and programs put next to people's files. Hidden names are also left out.
  private static let asides: Set<[UInt8]> = Set(
    [
      "__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
      "Thumbs.db",
      "desktop.ini", "__pycache__",
    ].map { Array($0.utf8) })

  static func read(_ root: borrowing Folder) throws(StoreError) -> FolderNode {
    var tree = FolderTree(realRoot: realPath(Array(root.path.utf8)))
    let node = FolderNode(name: [], path: [])
    try tree.fill(node, root, below: root, [root.identity()], isLinked: false)
    return node
  }

  private init(realRoot: [UInt8]?) { self.realRoot = realRoot }

  /// - Parameter chain: the folders that this one is in, itself last.
  private mutating func fill(
    _ node: FolderNode, _ folder: borrowing Folder, below root: borrowing Folder, _ chain: [FileIdentity],
    isLinked: Bool
  ) throws(StoreError) {
    guard chain.count <= Self.maximumDepth else {
      throw StoreError(
        .limitExceeded, "folders are nested more than \(Self.maximumDepth) deep", path: folder.path)
    }
    if isLinked { linkedCount += 1 }
    guard linkedCount <= Self.maximumLinkedCount else {
      throw StoreError(
        .limitExceeded, "more than \(Self.maximumLinkedCount) folders are reached through symbolic links",
        path: folder.path)
    }
    var found: [Folder.Entry] = []
    for entry in try folder.entries()
    where entry.name.first != UInt8(ascii: ".") && !Self.asides.contains(entry.name) {
      let isImage = ImageCodecs.areName(entry.name)
      let target = entry.kind == .link ? folder.kind(ofTarget: entry.name) : nil
      if entry.kind == .folder || target == .folder {
        found.append(entry)
      } else if entry.kind == .link && target == nil && !isImage && !entry.name.contains(UInt8(ascii: ".")) {
        // It may have the name of a class, which would change the numbers of the others.
        throw StoreError(
          .invalidArgument, "the target of this symbolic link does not exist",
          remedy: "remove the link, or mount its target",
          path: "\(folder.path)/\(shownName(entry.name))")
      } else if isImage {
        if entry.kind == .link, let target = try resolved(entry.name, of: node, folder) {
          node.targets[node.images.count] = target
        }
        node.images.append(entry.name)
      } else {
        node.others.append(entry.name)
      }
    }
    node.imageCount = node.images.count
    for entry in found {
      guard node.images.isEmpty || !ImageCodecs.areName(entry.name) else {
        node.skipped.append(entry.name)
        continue
      }
      try add(entry, to: node, folder, below: root, chain, isLinked: isLinked)
    }
  }

  private mutating func add(
    _ entry: Folder.Entry, to node: FolderNode, _ folder: borrowing Folder, below root: borrowing Folder,
    _ chain: [FileIdentity], isLinked: Bool
  ) throws(StoreError) {
    let isLink = entry.kind == .link
    let target = isLink ? try resolved(entry.name, of: node, folder) : nil
    let child = FolderNode(name: entry.name, path: target ?? node.path(of: entry.name))
    let opened: Folder
    do throws(StoreError) {
      opened = try root.folder(below: child.path)
    } catch {
      guard isLink, error.code == .invalidArgument else { throw error }
      throw Self.leadsOut("\(folder.path)/\(shownName(entry.name))")
    }
    let identity = try opened.identity()
    guard !chain.contains(identity) else {
      throw StoreError(
        .invalidArgument, "this symbolic link leads to a folder that contains it", remedy: "remove it",
        path: "\(folder.path)/\(shownName(entry.name))")
    }
    try fill(child, opened, below: root, chain + [identity], isLinked: isLinked || isLink)
    node.folders.append(child)
    node.imageCount += child.imageCount
  }

  /// The path in the store's folder that an absolute link leads to; nil for a relative one, which
  /// the system follows.
  private func resolved(
    _ name: [UInt8], of node: FolderNode, _ folder: borrowing Folder
  ) throws(StoreError) -> [UInt8]? {
    guard folder.link(name)?.first == UInt8(ascii: "/") else { return nil }
    let shown = "\(folder.path)/\(shownName(name))"
    guard let realRoot, let real = Self.realPath(realRoot + [UInt8(ascii: "/")] + node.path(of: name)) else {
      throw StoreError(
        .invalidArgument, "the target of this symbolic link does not exist",
        remedy: "remove the link, or mount its target",
        path: shown)
    }
    guard real.starts(with: realRoot + [UInt8(ascii: "/")]) else { throw Self.leadsOut(shown) }
    return Array(real[(realRoot.count + 1)...])
  }

  private static func leadsOut(_ path: String) -> StoreError {
    StoreError(
      .invalidArgument, "this symbolic link leads out of the folder",
      remedy: "read a copy made with 'cp -rL', in which links are replaced by their targets", path: path)
  }

  private static func realPath(_ path: [UInt8]) -> [UInt8]? {
    let name = path.map { CChar(bitPattern: $0) } + [0]
    guard let real = unsafe realpath(name, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) }
  }
}
