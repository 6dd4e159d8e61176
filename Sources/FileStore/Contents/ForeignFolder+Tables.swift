internal import ImageStoreCore
internal import ImageStoreSupport

// Labels and columns from tables.

extension ForeignFolder {
  /// Whether a file may be a table of labels: any CSV file, and text files with such names.
  private static func isTable(_ name: [UInt8]) -> (isTable: Bool, isSure: Bool) {
    let text = shownName(name)
    let lower = text.lowercased()
    let words = ArrayNames.words(of: text)
    if words.contains("submission") || lower.contains("submission") { return (false, false) }
    if lower.hasSuffix(".csv") || lower.hasSuffix(".tsv") { return (true, true) }
    guard lower.hasSuffix(".txt") else { return (false, false) }
    let isMeant = words.contains {
      ArrayNames.split(named: $0) != nil
        || ["label", "labels", "list", "annotations", "targets"].contains($0)
    }
    return (isMeant, false)
  }

  /// Takes labels and columns from the tables in a folder.
  ///
  /// - Parameter positions: the groups whose images they may name; nil for all that have none yet.
  mutating func takeTable(
    of node: FolderNode, for positions: [Int]?, _ folder: borrowing Folder
  ) throws(StoreError) {
    var names = node.others.filter { Self.isTable($0).isTable }
    if case .named(let name) = description.labels {
      let stated = names.filter { shownName($0) == name }
      if !stated.isEmpty { names = stated }
    }
    guard !names.isEmpty else { return }
    // If the caller states the depth of classes, folders decide.
    if description.classDepth != nil { return }
    let free = positions ?? groups.indices.filter { groups[$0].order == nil }
    guard !free.isEmpty else { return }
    let isLeftOut = description.labels == StoreDescription.Labels.none && imagesColumn == nil
    let inner =
      node.path.isEmpty ? try folder.folder(below: Array(".".utf8)) : try folder.folder(below: node.path)
    let count = free.reduce(0) { $0 + groups[$1].paths.count }
    if !isLeftOut {
      if let name = names.first(where: { $0.elementsEqual(FolderContents.labelsFileName.utf8) })
        ?? names.first(where: { $0.elementsEqual("\(count).csv".utf8) })
      {
        return try take(name, in: node, inner, free, isSure: true)
      }
      if free.count == 1, try takeTablesOfEach(names, in: inner, free[0]) { return }
    }
    try takeOthers(names, in: node, inner, free, onlySplits: isLeftOut)
  }

  /// Chooses among several tables: those that each name a split, or the only one that names the
  /// images.
  ///
  /// - Parameter onlySplits: whether tables count only if they divide the images into splits.
  private mutating func takeOthers(
    _ names: [[UInt8]], in node: FolderNode, _ folder: borrowing Folder, _ free: [Int], onlySplits: Bool
  ) throws(StoreError) {
    var ofSplits: [(Split, [UInt8])] = []
    var rest: [[UInt8]] = []
    for name in names {
      let text = shownName(name)
      let stem = text[..<(text.lastIndex(of: ".") ?? text.endIndex)]
      if let split = Self.split(
        named: String(stem), also: ["labels", "label", "list", "annotations", "metadata", "csv"])
      {
        ofSplits.append((split, name))
      } else {
        rest.append(name)
      }
    }
    let isDivided = groups.count > 1 || groups[0].split != nil
    if isDivided {
      if onlySplits { return }
      for (split, name) in ofSplits {
        guard let position = free.first(where: { groups[$0].split == split && groups[$0].order == nil })
        else {
          rest.append(name)
          continue
        }
        try take(name, in: node, folder, [position], isSure: Self.isTable(name).isSure)
      }
    } else if Set(ofSplits.map(\.0)).count > 1, Set(ofSplits.map(\.0)).count == ofSplits.count, rest.isEmpty {
      return try divide(by: ofSplits, in: node, folder)
    } else {
      rest += ofSplits.map(\.1)
    }
    if onlySplits { return }
    let left = free.filter { groups[$0].order == nil }
    guard !left.isEmpty else { return }
    var taken: [UInt8]?
    var failure: StoreError?
    for name in rest {
      let before = groups
      let notesBefore = notes
      do throws(StoreError) {
        try take(name, in: node, folder, left, isSure: Self.isTable(name).isSure)
        guard usedTables.contains(node.path(of: name)) else { continue }
        if let other = taken {
          throw StoreError(
            .invalidArgument, "\(shownName(other)) and \(shownName(name)) both name the pictures",
            remedy: "say --labels \(shownName(other)) or --labels \(shownName(name))", path: folder.path)
        }
        taken = name
      } catch {
        guard taken == nil || error.remedy?.hasPrefix("say --labels") != true else { throw error }
        if taken == nil { failure = failure ?? error }
        groups = before
        notes = notesBefore
      }
    }
    if taken == nil, let failure { throw failure }
  }

  /// A folder of images with one table per split, each of which names some of the images.
  private mutating func divide(
    by tables: [(Split, [UInt8])], in node: FolderNode, _ folder: borrowing Folder
  ) throws(StoreError) {
    let whole = groups[0]
    let index = ImageIndex(whole.paths)
    var parts: [ImageGroup] = []
    for (split, name) in tables.sorted(by: { $0.0 < $1.0 }) {
      let table = try ForeignTable(
        name, in: folder, at: "\(folder.path)/\(shownName(name))",
        namesImage: { index.find($0, in: node.path) != .none })
      let matched = try MatchedTable(
        table, in: node.path, index, whole.paths, imagesColumn: imagesColumn, labels: description.labels)
      var part = try ImageGroup(split, node, classDepth: description.classDepth)
      try part.take(
        matched, matched.images.indices.map { ($0, matched.images[$0]) }, isWhole: true, prefersFolders: false
      )
      part.notes.removeAll { $0.kind == .notRead && $0.text.contains("does not name") }
      parts.append(part)
      usedTables.insert(node.path(of: name))
    }
    let names = tables.map { shownName($0.1) }.joined(separator: ", ")
    notes.append(ReadingNote(.decided, "splits are the tables \(names)"))
    let named = Set(parts.flatMap { $0.order ?? [] })
    if named.count < whole.paths.count {
      notes.append(ReadingNote(.notRead, "\(whole.paths.count - named.count) pictures that no table names"))
    }
    groups = parts
  }

  /// Uses a table that the caller names, in any place. Labels without names of images are assigned
  /// in the order of the images.
  mutating func takeStated(_ path: String, _ column: String?) throws(StoreError) {
    let (parent, name) = FileSystem.split(path)
    let labels = column.map { StoreDescription.Labels.named($0) }
    let all = groups.indices.map { $0 }
    let (paths, places) = images(of: all)
    let index = ImageIndex(paths)
    let table = try ForeignTable(
      Array(name.utf8), in: Folder(parent.isEmpty ? "." : parent), at: path,
      namesImage: { index.find($0, in: []) != .none })
    if table.fieldCount == 1, all.count == 1 { return try takeLines(of: table, 0) }
    let matched = try MatchedTable(table, in: [], index, paths, imagesColumn: imagesColumn, labels: labels)
    try take(matched, places, all, goesByTable: true)
  }

  /// Reads one label per line, in the order of the names of a group's images.
  private mutating func takeLines(of table: ForeignTable, _ position: Int) throws(StoreError) {
    let (columns, _, lines) = try table.read(bytesOf: nil)
    guard lines.count == groups[position].paths.count else {
      throw StoreError(
        .invalidArgument, "\(lines.count) labels for \(groups[position].paths.count) images", path: table.path
      )
    }
    switch LabelTexts(columns[0]) {
    case .classes(let classes): groups[position].take(stated: classes)
    case .none: throw StoreError(.invalidArgument, "the lines of the file are not labels", path: table.path)
    case .other(let reason, let line):
      throw table.error(lines[line], "the line \(reason)", .invalidArgument)
    }
    notes.append(
      ReadingNote(
        .decided, "line by line, \(table.name) has the labels of the pictures in the order of their names"))
  }

  /// The images of some groups, and where in them each is.
  private func images(of free: [Int]) -> (paths: NameList, places: [(group: Int, image: Int)]) {
    var paths = NameList()
    var places: [(group: Int, image: Int)] = []
    for position in free {
      for (image, path) in groups[position].paths.enumerated() {
        paths.append(path)
        places.append((position, image))
      }
    }
    return (paths, places)
  }

  private mutating func take(
    _ matched: MatchedTable, _ places: [(group: Int, image: Int)], _ free: [Int], goesByTable: Bool
  ) throws(StoreError) {
    for position in free {
      var lines: [(line: Int, image: Int)] = []
      for (line, image) in matched.images.enumerated() where places[image].group == position {
        lines.append((line, places[image].image))
      }
      // The table names images of another split.
      if lines.isEmpty && free.count > 1 { continue }
      var group = groups[position]
      try group.take(matched, lines, isWhole: imagesColumn != nil, prefersFolders: goesByTable)
      if goesByTable, case .none = matched.classes {
      } else if goesByTable {
        group.takeLabels(of: matched, lines.map(\.line))
      }
      groups[position] = group
    }
  }

  /// Takes one table.
  ///
  /// - Parameter isSure: whether it must be a table of labels, so that a fault in it is an error
  ///   and not a note.
  private mutating func take(
    _ name: [UInt8], in node: FolderNode, _ folder: borrowing Folder, _ free: [Int], isSure: Bool
  ) throws(StoreError) {
    do throws(StoreError) {
      try takeSurely(name, in: node, folder, free)
      usedTables.insert(node.path(of: name))
    } catch {
      let isWanted = isSure && description.labels != StoreDescription.Labels.none || isStated(name)
      guard !isWanted else { throw error }
      usedTables.insert(node.path(of: name))
      usedTables.remove(node.path(of: name))
      notes.append(ReadingNote(.notRead, "\(shownName(name)) (\(error.message))"))
    }
  }

  private func isStated(_ name: [UInt8]) -> Bool {
    if case .named = description.labels { return true }
    return imagesColumn != nil
  }

  private mutating func takeSurely(
    _ name: [UInt8], in node: FolderNode, _ folder: borrowing Folder, _ free: [Int]
  ) throws(StoreError) {
    let (paths, places) = images(of: free)
    let index = ImageIndex(paths)
    let table = try ForeignTable(
      name, in: folder, at: "\(folder.path)/\(shownName(name))",
      namesImage: { index.find($0, in: node.path) != .none })
    if table.fieldCount == 1, free.count == 1, case .named(table.name) = description.labels {
      return try takeLines(of: table, free[0])
    }
    if free.count == 1, imagesColumn == nil, let labels = try Self.listedLabels(table, for: groups[free[0]]) {
      guard description.labels != StoreDescription.Labels.none else { return }
      groups[free[0]].take(numbers: labels)
      if !groups[free[0]].isCountedFromZero {
        groups[free[0]].notes.append(
          ReadingNote(
            .decided,
            "line by line, \(table.name) has the labels of the pictures in the order of their numbers"))
      }
      return
    }
    let matched = try MatchedTable(
      table, in: node.path, index, paths, imagesColumn: imagesColumn, labels: description.labels)
    let isNamed: Bool = if case .named = description.labels { true } else { false }
    try take(matched, places, free, goesByTable: isNamed)
  }

  /// The labels of a table that has only one number per image, in the order of the images' numbers.
  ///
  /// - Returns: nil if it is a table of another kind.
  private static func listedLabels(_ table: ForeignTable, for group: ImageGroup) throws(StoreError) -> [Int]?
  {
    guard table.fieldCount == 1 else { return nil }
    let isNumbered = group.folders == nil && group.hasNumbersInNames
    let (columns, _, lines) = try table.read(bytesOf: nil)
    let hasLabelHeader = table.header.map { ForeignTable.labelWords.contains($0[0].lowercased()) } ?? true
    guard hasLabelHeader || isNumbered && lines.count == group.paths.count else { return nil }
    let order =
      "give each file with its label, as in file,label; or say --labels FILE to take the lines in the order of the names"
    guard isNumbered else {
      throw StoreError(
        .invalidArgument, "the labels do not name the pictures they belong to", remedy: order,
        path: table.path)
    }
    guard lines.count == group.paths.count else {
      throw StoreError(
        .corrupt, "\(lines.count) labels for \(group.paths.count) images",
        remedy: "give --labels none to read the pictures without labels",
        path: table.path)
    }
    switch LabelTexts(columns[0]) {
    case .classes(.numbers(let numbers)): return numbers
    case .classes: return nil
    case .none: return nil
    case .other(let reason, let position):
      throw table.error(
        lines[position], "the line \(reason)", .corrupt,
        remedy: "give one whole number per line, or --labels none")
    }
  }

  /// A table of one label next to each image: `0.csv 1.csv ...`.
  private mutating func takeTablesOfEach(
    _ names: [[UInt8]], in folder: borrowing Folder, _ position: Int
  ) throws(StoreError) -> Bool {
    let group = groups[position]
    guard group.isCountedFromZero, names.contains(where: { $0.elementsEqual("0.csv".utf8) }) else {
      return false
    }
    guard description.labels != StoreDescription.Labels.none else { return true }
    let count = group.paths.count
    let present = Set(names)
    var labels: [Int] = []
    labels.reserveCapacity(count)
    for index in 0..<count {
      guard present.contains(Array("\(index).csv".utf8)) else {
        throw StoreError(
          .corrupt, "the folder has \(count) images, but neither \(count).csv nor \(index).csv",
          remedy: "give all labels in \(count).csv, one per line", path: folder.path)
      }
      labels.append(try FolderContents.readLabel("\(index).csv", in: folder))
      usedTables.insert(group.node.path(of: Array("\(index).csv".utf8)))
    }
    groups[position].take(numbers: labels)
    return true
  }
}
