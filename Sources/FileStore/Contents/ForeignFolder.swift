internal import ImageStoreCore
internal import ImageStoreSupport

/// Reads folders that other programs and people made: finds the classes, the splits and the table
/// with the labels.
struct ForeignFolder {
  let description: StoreDescription
  /// The folder whose images are read: the store's, or one below that was asked for.
  let scope: FolderNode
  /// The column of a table that names the images, if one was stated.
  let imagesColumn: String?
  var groups: [ImageGroup] = []
  var notes: [ReadingNote] = []
  /// The folders whose tables have been looked for, and the tables that were used.
  var usedTables: Set<[UInt8]> = []

  /// Reads all images of a folder, split by split, training first.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` if there are no images;
  ///   ``StoreError/Code/invalidArgument`` if the folder has two possible readings.
  static func read(
    _ folder: borrowing Folder, _ description: StoreDescription
  ) throws(StoreError) -> [(split: Split?, contents: FolderContents)] {
    let root = try FolderTree.read(folder)
    var foreign = try ForeignFolder(root, description, at: folder.path)
    return try foreign.contents(folder)
  }

  private init(_ root: FolderNode, _ description: StoreDescription, at path: String) throws(StoreError) {
    self.description = description
    if let name = description.images, let below = root.folder(at: name) {
      scope = below
      imagesColumn = nil
    } else {
      scope = root
      imagesColumn = description.images
    }
    guard scope.imageCount > 0 else { throw Self.noImages(in: scope, at: path) }
  }

  private static func noImages(in node: FolderNode, at path: String) -> StoreError {
    let names = (node.folders.map(\.name) + node.others).prefix(6).map { shownName($0) }
    let others = node.folders.count + node.others.count - names.count
    let there =
      names.isEmpty ? "nothing" : names.joined(separator: ", ") + (others > 0 ? " and \(others) more" : "")
    let arrays = [".npy", ".npz", ".h5", ".hdf5", ".mat", "-ubyte", "-ubyte.gz"]
    let hasArrays = node.others.contains { name in
      arrays.contains { shownName(name).lowercased().hasSuffix($0) }
    }
    return StoreError(
      .unrecognized, "the folder has no labels.csv, no images and no folders of images; it has \(there)",
      remedy: hasArrays
        ? "give the file that has the images, and the one that has the labels with --labels FILE" : nil,
      path: node.path.isEmpty ? path : "\(path)/\(shownName(node.path))")
  }

  // MARK: Splits and classes

  private mutating func contents(
    _ folder: borrowing Folder
  ) throws(StoreError) -> [(split: Split?, contents: FolderContents)] {
    if let splits = try splitFolders() {
      for (split, node) in splits {
        groups.append(try ImageGroup(split, node, classDepth: description.classDepth))
      }
      groups.sort { $0.split! < $1.split! }
      let names = splits.map { "\($1.shownName) (\($0))" }.joined(separator: ", ")
      notes.append(ReadingNote(.decided, "splits are the folders \(names)"))
      if !scope.images.isEmpty {
        notes.append(ReadingNote(.notRead, "\(scope.images.count) pictures outside the splits"))
      }
      if description.labelsPath == nil {
        for position in groups.indices { try takeTable(of: groups[position].node, for: [position], folder) }
      }
    } else {
      let group = try ImageGroup(nil, scope, classDepth: description.classDepth)
      groups.append(group)
    }
    if case .file(let path, let column) = description.labels {
      try takeStated(path, column)
    } else {
      try takeTable(of: scope, for: nil, folder)
    }
    try checkNames(folder)
    for group in groups { try checkReadings(group, folder) }
    noteWhatIsLeft()
    return try finished()
  }

  /// The folders of splits: there must be two with names of splits, or one with class folders in
  /// it.
  private func splitFolders() throws(StoreError) -> [(Split, FolderNode)]? {
    let nodes = scope.foldersWithImages
    var known: [Split: FolderNode] = [:]
    var hasClasses = false
    for node in nodes {
      guard let split = Self.split(named: node.shownName) else { continue }
      hasClasses = hasClasses || !node.foldersWithImages.isEmpty
      if let other = known.updateValue(node, forKey: split) {
        throw StoreError(
          .invalidArgument, "the folders \(other.shownName) and \(node.shownName) are both for \(split)",
          remedy: "give one of them, or say --images NAME", key: Self.key(scope.path))
      }
    }
    guard hasClasses || known.count > 1 else { return nil }
    return nodes.map { (Self.split(named: $0.shownName) ?? Split(rawValue: $0.shownName), $0) }
  }

  /// A path in the folder as an error has it; nil for the folder itself.
  static func key(_ path: [UInt8]) -> String? { path.isEmpty ? nil : shownName(path) }

  /// The split of a folder or table by its name, such as `train`, `Train_Images` or
  /// `trainLabels.csv`.
  static func split(named name: String, also words: Set<String> = []) -> Split? {
    var found: Split?
    for word in ArrayNames.words(of: name) {
      if found == nil, let split = ArrayNames.split(named: word) {
        found = split
      } else if !ArrayNames.isForImages(word) && word != "set" && !words.contains(word) {
        guard ["trainset", "testset", "valset"].contains(word) else { return nil }
        found = ArrayNames.split(named: word.dropLast(3))
      }
    }
    if found == nil, name.lowercased().hasSuffix("set") { found = ArrayNames.split(named: name.dropLast(3)) }
    return found
  }

  /// Refuses names that do not exist in the folder.
  private func checkNames(_ folder: borrowing Folder) throws(StoreError) {
    guard usedTables.isEmpty, description.labelsPath == nil else { return }
    if let imagesColumn {
      throw StoreError(
        .invalidArgument,
        "there is neither a folder with pictures nor a table with a column called '\(imagesColumn)'",
        remedy: "leave --images out", path: folder.path)
    }
    if let name = description.labelsName {
      throw StoreError(
        .invalidArgument,
        description.classDepth == nil
          ? "there is no table with a column called '\(name)'"
          : "--classes-at takes classes from folders, and --labels takes labels from a table ('\(name)')",
        remedy: description.classDepth == nil
          ? "leave --labels out" : "give only one of --labels and --classes-at", path: folder.path)
    }
  }

  /// Refuses a folder with two possible readings.
  private func checkReadings(_ group: ImageGroup, _ folder: borrowing Folder) throws(StoreError) {
    guard description.classDepth == nil, group.order == nil, group.folders != nil,
      description.labels != StoreDescription.Labels.none
    else { return }
    let classes = group.node.foldersWithImages
    let path = group.node.path.isEmpty ? folder.path : "\(folder.path)/\(shownName(group.node.path))"
    if classes.count == 1, classes[0].images.isEmpty, classes[0].foldersWithImages.count > 1 {
      let only = classes[0]
      throw StoreError(
        .invalidArgument,
        "all pictures are in \(only.shownName): they are one class, or its \(only.foldersWithImages.count) folders are classes",
        remedy: "say --classes-at 1 or --classes-at 2, or give \(only.shownName) itself", path: path)
    }
    let masks: Set<String> = [
      "mask", "masks", "label", "labels", "annotation", "annotations", "gt", "groundtruth", "segmentation",
      "segmentations",
    ]
    guard let pictures = classes.first(where: { ArrayNames.isForImages($0.shownName.lowercased()) }),
      let other = classes.first(where: { masks.contains($0.shownName.lowercased()) }),
      Self.stems(pictures) == Self.stems(other)
    else { return }
    throw StoreError(
      .invalidArgument,
      "\(pictures.shownName) and \(other.shownName) have files of the same names: pictures and their masks, or two classes",
      remedy: "give one of them by --images \(pictures.shownName), or say --classes-at 1", path: path)
  }

  private static func stems(_ node: FolderNode) -> Set<[UInt8]> {
    Set(node.images.map { name in Array(name[..<(name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex)]) })
  }

  // MARK: The end

  private mutating func noteWhatIsLeft() {
    let others = scope.others.filter { !usedTables.contains(scope.path(of: $0)) }.map { shownName($0) }
    let noted = Set(notes.map { $0.text.prefix { $0 != " " } }.map(String.init))
    for name in others where !noted.contains(name) { notes.append(ReadingNote(.notRead, name)) }
    for folder in scope.folders where folder.imageCount == 0 {
      notes.append(ReadingNote(.notRead, "the folder \(folder.shownName) (no pictures)"))
    }
    for name in scope.skipped {
      notes.append(ReadingNote(.notRead, "the folder \(shownName(name)) beside pictures"))
    }
    if groups.contains(where: { $0.isNumbered && $0.order == nil }) {
      notes.append(ReadingNote(.decided, "pictures are in the order of the numbers in their names"))
    }
    if groups.contains(where: { $0.hasForeignNames }) {
      notes.append(ReadingNote(.decided, "names that are not UTF-8 are shown with \\xHH"))
    }
  }

  private func finished() throws(StoreError) -> [(split: Split?, contents: FolderContents)] {
    var groups = groups
    let none = description.labels == StoreDescription.Labels.none
    for position in groups.indices {
      if none {
        groups[position].classes = .none
      } else if case .none = groups[position].classes {
        groups[position].takeFolders()
      }
    }
    let numbering = ClassNumbering(groups)
    var result: [(split: Split?, contents: FolderContents)] = []
    for group in groups {
      let kind: FolderContents.Kind =
        group.order != nil ? .table : group.folders != nil ? .classFolders : .plain
      var contents = FolderContents(kind: kind, paths: try group.imagePaths())
      contents.labels = try numbering.labels(of: group)
      contents.classNames = contents.labels == nil ? nil : numbering.names
      contents.values = group.columns
      contents.notes = notes + group.notes + (contents.labels == nil ? [] : numbering.notes)
      result.append((group.split, contents))
    }
    return result
  }
}
