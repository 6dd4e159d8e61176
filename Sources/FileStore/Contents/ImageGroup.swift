internal import ImageStoreCore
internal import ImageStoreSupport

/// The images of a folder, or of a split of one, in their order, with what is known of them.
struct ImageGroup {
  let split: Split?
  let node: FolderNode
  /// The paths of the images in the store's folder.
  private(set) var paths = NameList()
  /// The class of each image by the folder it is in; nil if there are no class folders.
  private(set) var folders: [String]?
  /// The bytes of folders' names that are not UTF-8, by their shown form.
  private(set) var foreignNames: [[UInt8]: [UInt8]] = [:]
  var classes = FoundClasses.none
  var columns: [String: Column] = [:]
  var notes: [ReadingNote] = []
  /// The images that are used, in their order; nil for all as they are.
  private(set) var order: [Int]?
  /// Whether the names of the files differ in numbers and were sorted by them.
  private(set) var isNumbered = false

  /// - Parameter depth: the depth of the folders that are classes; nil if it is not stated.
  init(_ split: Split?, _ node: FolderNode, classDepth depth: Int?) throws(StoreError) {
    self.split = split
    self.node = node
    var classNodes: [(name: [UInt8], node: FolderNode)] = []
    var strays: [[UInt8]] = []
    Self.findClasses(in: node, name: [], depth ?? 1, &classNodes, &strays)
    guard !classNodes.isEmpty else {
      if let depth {
        throw StoreError(
          .invalidArgument, "there are no folders with pictures \(depth) deep",
          remedy: "give another --classes-at", key: ForeignFolder.key(node.path))
      }
      appendImages(of: node, withFolders: false)
      return
    }
    folders = []
    for (name, classNode) in classNodes {
      appendImages(of: classNode, withFolders: true)
      let shown = shownName(name)
      folders! += repeatElement(shown, count: paths.count - folders!.count)
      if String(validating: name, as: UTF8.self) == nil { foreignNames[Array(shown.utf8)] = name }
    }
    if !strays.isEmpty {
      let first = strays.prefix(3).map { shownName($0) }.joined(separator: ", ")
      let rest = strays.count > 3 ? " and \(strays.count - 3) more" : ""
      notes.append(ReadingNote(.notRead, "pictures outside the class folders: \(first)\(rest)"))
    }
    if depth == nil, classNodes.contains(where: { !$0.node.foldersWithImages.isEmpty }) {
      let deeper = classNodes.reduce(0) { $0 + $1.node.foldersWithImages.count }
      notes.append(
        ReadingNote(
          .decided,
          "classes are the outermost \(classNodes.count) folders; --classes-at 2 takes the \(deeper) within them"
        ))
    }
  }

  /// The classes a folder has, by its path from the folder of the group.
  private static func findClasses(
    in node: FolderNode, name: [UInt8], _ depth: Int, _ classes: inout [(name: [UInt8], node: FolderNode)],
    _ strays: inout [[UInt8]]
  ) {
    guard depth > 0 else {
      if node.imageCount > 0 { classes.append((name, node)) }
      return
    }
    for position in node.images.indices { strays.append(node.path(ofImage: position)) }
    for folder in node.folders {
      findClasses(
        in: folder, name: name.isEmpty ? folder.name : name + [UInt8(ascii: "/")] + folder.name, depth - 1,
        &classes,
        &strays)
    }
  }

  private mutating func appendImages(of node: FolderNode, withFolders: Bool) {
    if let order = NumberedNames.order(of: node.images) {
      for position in order { paths.append(node.path(ofImage: position)) }
      isNumbered = true
      if withFolders { for folder in node.folders { appendImages(of: folder, withFolders: true) } }
      return
    }
    // Folders are sorted together with the names of files.
    var next = 0
    for position in node.images.indices {
      while withFolders, next < node.folders.count,
        node.folders[next].name.lexicographicallyPrecedes(node.images[position])
      {
        appendImages(of: node.folders[next], withFolders: true)
        next += 1
      }
      paths.append(node.path(ofImage: position))
    }
    while withFolders, next < node.folders.count {
      appendImages(of: node.folders[next], withFolders: true)
      next += 1
    }
  }

  /// Takes the order, labels and columns of a table.
  ///
  /// - Parameters:
  ///   - positions: for each image of the group that the table names, in its order: the line, and
  ///     the image's position here.
  ///   - isWhole: whether the caller said that the table decides which images there are.
  mutating func take(
    _ table: MatchedTable, _ positions: [(line: Int, image: Int)], isWhole: Bool, prefersFolders: Bool
  ) throws(StoreError) {
    let lines = positions.map(\.line)
    let images = positions.map(\.image)
    if !isWhole, Set(images).count < paths.count {
      let named = Set(images)
      let first = paths.indices.first { !named.contains($0) }!
      throw StoreError(
        .invalidArgument,
        "\(table.table.name) does not name \(shownName(paths[first]))"
          + (paths.count - named.count > 1 ? " and \(paths.count - named.count - 1) more" : ""),
        remedy:
          "give --images COLUMN to read only the named pictures, or --labels none to read all without labels",
        path: table.table.path)
    }
    if isWhole, Set(images).count < paths.count {
      notes.append(
        ReadingNote(
          .notRead, "\(paths.count - Set(images).count) pictures that \(table.table.name) does not name"))
    }
    order = images
    columns = table.columns.mapValues { $0.gathering(lines) }
    notes += table.notes
    let found = table.classes.gathering(lines)
    guard let folders else {
      classes = found
      return
    }
    // A single folder is a folder of pictures and not a class.
    if case .none = found {
    } else if Set(folders.map { Array($0.utf8) }).count == 1 {
      self.folders = nil
      classes = found
      return
    }
    classes = .names(images.map { folders[$0] })
    if !prefersFolders { try agree(found, table) }
  }

  /// Compares the labels of a table with the folders that the images are in.
  private mutating func agree(_ found: FoundClasses, _ table: MatchedTable) throws(StoreError) {
    guard case .names(let folders) = classes else { return }
    let texts: [String]
    switch found {
    case .none: return
    case .names(let names): texts = names
    case .numbers(let numbers): texts = numbers.map(String.init)
    }
    var textOf: [[UInt8]: String] = [:]
    var folderOf: [String: String] = [:]
    for (folder, text) in zip(folders, texts) {
      guard textOf.updateValue(text, forKey: Array(folder.utf8)) ?? text == text,
        folderOf.updateValue(folder, forKey: text) ?? folder == folder
      else {
        throw StoreError(
          .invalidArgument,
          "the labels '\(table.labelName ?? "label")' and the folders of the pictures do not agree (\(text) in \(folder))",
          remedy:
            "say --labels \(table.labelName ?? "label") to go by the table, or --classes-at 1 to go by the folders",
          path: table.table.path)
      }
    }
    if case .numbers(let numbers) = found {
      numbered = Dictionary(zip(numbers, folders)) { first, _ in first }
    }
  }

  /// The folder of each number that a table gives its images, if it numbers the classes.
  private(set) var numbered: [Int: String]?

  /// Uses a table's labels and ignores the names of the folders.
  mutating func takeLabels(of table: MatchedTable, _ lines: [Int]) {
    folders = nil
    classes = table.classes.gathering(lines)
  }

  /// Assigns labels in the order of the images and ignores the names of the folders.
  mutating func take(stated classes: FoundClasses) {
    folders = nil
    self.classes = classes
  }

  /// Labels by the order of the images.
  mutating func take(numbers: [Int]) { classes = .numbers(numbers) }

  /// Uses the folders.
  mutating func takeFolders() { if let folders, order == nil { classes = .names(folders) } }

  /// Whether the images have the names `0.png 1.png ...`, in either case.
  var isCountedFromZero: Bool {
    guard folders == nil else { return false }
    return paths.indices.allSatisfy { FolderContents.number(ofFile: fileName($0)) == $0 }
  }

  /// Whether all images have a number in their names by which they differ.
  var hasNumbersInNames: Bool {
    let numbers = Set(paths.indices.compactMap { FolderContents.lastNumber(in: fileName($0)) })
    return numbers.count == paths.count
  }

  /// Whether a path is not UTF-8.
  var hasForeignNames: Bool { paths.contains { String(validating: $0, as: UTF8.self) == nil } }

  private func fileName(_ position: Int) -> ArraySlice<UInt8> {
    let path = paths[position]
    return path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path
  }

  /// The paths in the order of the images.
  func imagePaths() throws(StoreError) -> ImagePaths {
    var result = ImagePaths()
    var scratch: [UInt8] = []
    if let order {
      for position in order { try result.append(paths[position], scratch: &scratch) }
    } else {
      for path in paths { try result.append(path, scratch: &scratch) }
    }
    return result
  }
}
