internal import ImageStoreCore
internal import ImageStoreSupport

/// Labels as a folder or a table has them, before classes are numbered.
enum FoundClasses {
  case none
  case numbers([Int])
  case names([String])

  func gathering(_ positions: [Int]) -> FoundClasses {
    switch self {
    case .none: .none
    case .numbers(let numbers): .numbers(positions.map { numbers[$0] })
    case .names(let names): .names(positions.map { names[$0] })
    }
  }
}

/// A table whose lines each name an image of a folder.
struct MatchedTable {
  let table: ForeignTable
  /// The image of each line.
  private(set) var images: [Int] = []
  private(set) var classes = FoundClasses.none
  private(set) var columns: [String: Column] = [:]
  private(set) var notes: [ReadingNote] = []
  /// The name of the column of labels.
  private(set) var labelName: String?

  /// Finds the images of all lines.
  ///
  /// - Parameters:
  ///   - folder: the path of the table's folder.
  ///   - paths: of the images.
  ///   - description: its `images` and `labels` are columns, unless they are nil.
  init(
    _ table: ForeignTable, in folder: [UInt8], _ index: ImageIndex, _ paths: NameList,
    imagesColumn: String?, labels: StoreDescription.Labels?
  ) throws(StoreError) {
    self.table = table
    let fileColumn = try Self.fileColumn(of: table, in: folder, index, named: imagesColumn, labels)
    let (values, names, lines) = try table.read(bytesOf: fileColumn)
    var lineOf: [Int: Int] = [:]
    for (position, name) in names.enumerated() {
      switch index.find(Array(name), in: folder) {
      case .image(let image):
        if imagesColumn == nil, let known = lineOf.updateValue(lines[position], forKey: image) {
          throw table.error(
            lines[position], "\(shownName(name)) is also on line \(known)", .invalidArgument,
            remedy: "remove one; --images COLUMN reads both, --labels none ignores the table")
        }
        images.append(image)
      case .none:
        throw table.error(
          lines[position], "'\(shownName(name.prefix(200)))' is not a picture in the folder", .notFound,
          remedy: "remove the line, or give --labels none to ignore the table")
      case .several(let one, let other):
        throw table.error(
          lines[position],
          "'\(shownName(name))' may be \(shownName(paths[one])) or \(shownName(paths[other]))",
          .invalidArgument,
          remedy: "give paths instead of names, or --labels none to ignore the table")
      }
    }
    try takeColumns(values, lines, fileColumn, labels)
  }

  // MARK: The column of files

  private static func fileColumn(
    of table: ForeignTable, in folder: [UInt8], _ index: ImageIndex, named: String?,
    _ labels: StoreDescription.Labels?
  ) throws(StoreError) -> Int {
    if let named {
      guard let position = table.position(of: named) else { throw noColumn(named, of: table) }
      return position
    }
    let words = (table.header ?? []).map { $0.lowercased() }
    var candidates = ForeignTable.fileWords.compactMap { words.firstIndex(of: $0) }
    let labelName: String? = if case .named(let name) = labels { name.lowercased() } else { nil }
    candidates += (0..<table.fieldCount).filter { position in
      !candidates.contains(position)
        && (words.isEmpty
          || !ForeignTable.labelWords.contains(words[position]) && words[position] != labelName)
    }
    for position in candidates {
      let sample = try table.sample(of: position)
      if sample.contains(where: { if case .none = index.find($0, in: folder) { false } else { true } }) {
        return position
      }
    }
    // The first column that should have matched gives the best error.
    if let position = candidates.first, !words.isEmpty, ForeignTable.fileWords.contains(words[position]),
      try !table.sample(of: position).isEmpty
    {
      return position
    }
    throw StoreError(
      .invalidArgument, "no column of the table has the names of pictures in the folder",
      remedy: "give --images COLUMN to say which, or --labels none to ignore the table"
        + (table.header.map { "; the columns are \(list($0))" } ?? ""), path: table.path)
  }

  private static func noColumn(_ name: String, of table: ForeignTable) -> StoreError {
    StoreError(
      .invalidArgument, "the table has no column '\(name)'",
      remedy: table.header.map { "it has \(list($0))" } ?? "it has no header", path: table.path)
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { $0.prefix(60) }.joined(separator: ", ")
    return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
  }

  // MARK: Labels and columns

  private mutating func takeColumns(
    _ values: [[String]], _ lines: [Int], _ fileColumn: Int, _ labels: StoreDescription.Labels?
  ) throws(StoreError) {
    var kept: [(position: Int, name: String)] = []
    for position in values.indices where position != fileColumn {
      let name = table.header?[position] ?? ""
      if name.isEmpty || name.lowercased().hasPrefix("unnamed: ") {
        let isIndex = values[position].enumerated().allSatisfy { $1.isEmpty || $1 == "\($0)" }
        if table.header != nil && isIndex { continue }
        kept.append((position, "column \(position + 1)"))
      } else if name.utf8.count > 200 {
        // A store cannot have a column with such a name.
        let short = String(name.prefix(60)) + "... (column \(position + 1))"
        notes.append(ReadingNote(.decided, "a name of \(name.utf8.count) bytes is cut: \(short)"))
        kept.append((position, short))
      } else if (try? Column.validate(name: name)) == nil {
        let isCut = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        let legal =
          isCut
          ? String(
            String.UnicodeScalarView(
              name.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
          : String(name.prefix(60)) + "... (column \(position + 1))"
        notes.append(ReadingNote(.decided, "a name that no column can have is changed: \(legal)"))
        kept.append((position, legal))
      } else {
        kept.append((position, name))
      }
    }
    if let twice = Dictionary(grouping: kept, by: { Array($0.name.utf8) }).values.first(where: {
      $0.count > 1
    })?[0].name {
      throw table.error(
        1, "the header has two columns called '\(twice.prefix(100))'", .corrupt, remedy: "rename one")
    }
    let label = try labelColumn(among: kept, labels)
    for (position, name) in kept {
      if position == label?.position {
        try takeLabels(values[position], lines, name, isNamed: label!.isNamed)
      } else {
        columns[name] = Column(texts: values[position])
      }
    }
    if table.isLatin1 {
      notes.append(ReadingNote(.decided, "\(table.name) is not UTF-8; it is read as Latin-1"))
    }
  }

  private func labelColumn(
    among columns: [(position: Int, name: String)], _ labels: StoreDescription.Labels?
  ) throws(StoreError) -> (position: Int, isNamed: Bool)? {
    switch labels {
    case StoreDescription.Labels.none?: return nil
    case .named(let name) where name != table.name:
      guard let position = table.position(of: name) else { throw Self.noColumn(name, of: table) }
      return (position, true)
    default: break
    }
    for word in ForeignTable.labelWords {
      if let column = columns.first(where: { $0.name.lowercased() == word }) {
        return (column.position, false)
      }
    }
    return columns.count == 1 ? (columns[0].position, false) : nil
  }

  private mutating func takeLabels(
    _ values: [String], _ lines: [Int], _ name: String, isNamed: Bool
  ) throws(StoreError) {
    switch LabelTexts(values) {
    case .classes(let found):
      classes = found
      labelName = name
      if !isNamed, !ForeignTable.labelWords.contains(name.lowercased()) {
        notes.append(ReadingNote(.decided, "labels are the column '\(name)' of \(table.name)"))
      }
    case .none: labelName = name
    case .other(let reason, let position):
      let reason = "line \(lines[position]) \(reason)"
      if isNamed {
        throw table.error(
          lines[position], "the labels '\(name)' are not classes: \(reason)", .invalidArgument,
          remedy: "give each image a whole number or a name")
      }
      notes.append(ReadingNote(.notRead, "\(name) of \(table.name) as labels (\(reason)); it is a column"))
      columns[name] = Column(texts: values)
    }
  }
}

/// The meaning of a column's texts as labels.
enum LabelTexts {
  case classes(FoundClasses)
  /// None has a label.
  case none
  /// They are not classes, with the reason and its position.
  case other(String, position: Int)

  private static let missing: Set<String> = ["", "na", "n/a", "nan", "null", "none", "?"]

  init(_ texts: [String]) {
    let missing = texts.indices.filter { Self.missing.contains(texts[$0].lowercased()) }
    if let first = missing.first {
      self = missing.count == texts.count ? .none : .other("has no label", position: first)
      return
    }
    let numbers = texts.compactMap { Int($0) ?? Double($0).flatMap { Int(exactly: $0) } }
    if numbers.count == texts.count {
      self = .classes(.numbers(numbers))
    } else if let odd = texts.firstIndex(where: { Double($0) != nil }) {
      // Some numbers and some texts, or fractions.
      let other = texts.firstIndex { Int($0) == nil } ?? odd
      self = .other("has '\(texts[other].prefix(60))', which is not a whole number", position: other)
    } else {
      self = .classes(.names(texts))
    }
  }
}
