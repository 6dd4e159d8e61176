import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Which entries of an archive are images, labels and columns, found from their names and headers.
struct NPZContents {
  enum Images {
    /// One entry per image: positions in the directory.
    case entries(ImagePositions)
    /// All images in one array.
    case array(ArchiveArray, ArrayGeometry)
    /// All masks in one array of bits.
    case bits(ArchiveArray, PackedBits)
    /// Encoded images, such as PNGs: an entry each, or the bytes of all in one array.
    case encoded([EncodedEntries.Place])
  }

  /// Where the labels are.
  enum Labels {
    case none
    /// One whole number per image.
    case entry(name: String, ZipEntry)
    case values([Int])
  }

  /// Where the values of a column are.
  enum ColumnSource {
    case entry(name: String, ZipEntry)
    case values(Column)
    /// One of several values per image.
    case part(ArchiveArray, position: Int)
  }

  let images: Images
  private(set) var labels = Labels.none
  private(set) var classNames: [String]?
  /// Columns by their names.
  private(set) var columns: [String: ColumnSource] = [:]
  private(set) var notes: [ReadingNote] = []

  static let classNamesEntry = "class_names.npy"
  static let labelsEntry = "labels.npy"
  static let columnPrefix = "columns/"

  /// The column that an entry of a name holds, or nil.
  static func column(ofEntry name: String) -> String? {
    let name = name.utf8
    guard name.starts(with: columnPrefix.utf8), name.count >= columnPrefix.utf8.count + 4,
      name.suffix(4).elementsEqual(".npy".utf8)
    else { return nil }
    return String(name.dropFirst(columnPrefix.utf8.count).dropLast(4))
  }

  /// Whether this package gives the name to entries that are not images.
  static func isOwnName(_ name: String) -> Bool {
    name == labelsEntry || name == classNamesEntry || column(ofEntry: name) != nil
  }

  /// - Parameters:
  ///   - description: what is said of the archive.
  ///   - elsewhere: keys of arrays that belong to other splits, of which nothing is to be said.
  init(
    of archive: ZipArchive, _ description: StoreDescription, elsewhere: Set<String> = []
  ) throws(StoreError) {
    if archive.end.mark != nil, description.images == nil {
      images = .entries(ImagePositions(archive.directory))
      try readOwn(archive, description)
    } else {
      var choice = try ImageChoice(archive, description)
      images = try choice.images()
      notes = choice.notes
      try read(archive, description, choice, elsewhere)
    }
  }

  var count: Int {
    switch images {
    case .entries(let positions): positions.count
    case .array(_, let geometry): geometry.count
    case .bits(_, let bits): bits.count
    case .encoded(let places): places.count
    }
  }

  /// Labels, class names and columns under the names that this package gives them, none of which is read yet.
  private mutating func readOwn(
    _ archive: ZipArchive, _ description: StoreDescription
  ) throws(StoreError) {
    let directory = archive.directory
    if let entry = directory.entry(named: Self.classNamesEntry) {
      classNames = try archive.classNames(of: entry, name: Self.classNamesEntry)
    }
    for named in directory.named {
      guard let column = Self.column(ofEntry: named.name) else { continue }
      try add(.entry(name: named.name, directory.entries[named.position]), column, archive)
    }
    switch description.labels {
    case .some(.none), .file: break
    case .named(let name):
      guard let found = try archive.array(named: name) else { throw archive.noArray(name) }
      labels = .entry(name: found.name, found.entry)
    case nil:
      if let entry = directory.entry(named: Self.labelsEntry) {
        labels = .entry(name: Self.labelsEntry, entry)
      }
    }
  }

  private mutating func add(
    _ source: ColumnSource, _ name: String, _ archive: ZipArchive
  ) throws(StoreError) {
    do throws(StoreError) {
      try Column.validate(name: name)
    } catch {
      throw error.at(path: archive.path)
    }
    // Bytes that differ can be one name: an e with an acute accent is one character of Unicode, or two.
    guard columns.updateValue(source, forKey: name) == nil else {
      throw StoreError(.corrupt, "two columns of this name", path: archive.path, key: name)
    }
  }

  /// What another program wrote besides images: labels, values per image, or what is not read.
  private mutating func read(
    _ archive: ZipArchive, _ description: StoreDescription, _ choice: ImageChoice, _ elsewhere: Set<String>
  ) throws(StoreError) {
    var used = choice.used
    switch description.labels {
    case .some(.none), .file: used.formUnion(choice.labelKeys)
    case .named(let key):
      guard let found = try archive.array(named: key) else { throw archive.noArray(key) }
      let array = try archive.array(found.name, found.entry)
      try takeNamed(array, of: archive)
      used.insert(array.key)
    case nil:
      for key in choice.labelKeys {
        guard let found = try archive.array(named: key) else { continue }
        let array = try archive.array(found.name, found.entry)
        used.insert(key)
        if try takeFound(array, of: archive) {
          if choice.decidesLabels { notes.append(ReadingNote(.decided, "the labels are \(key)")) }
          break
        }
      }
    }
    for array in try archive.otherArrays() where !used.contains(array.key) && !elsewhere.contains(array.key) {
      try readOther(array, of: archive)
    }
    for problem in archive.directory.problems where !ArchiveArray.isHidden(problem.name) {
      notes.append(ReadingNote(.notRead, "\(problem.name): \(problem.error.message)"))
    }
    if case .none = labels, description.labels == nil, let (found, names) = choice.classes {
      labels = .values(found)
      classNames = names
      notes.append(
        ReadingNote(.decided, "the folders of images are classes: \(names.prefix(6).joined(separator: ", "))")
      )
    }
    let names = choice.names
    if !names.isEmpty, columns["name"] == nil { columns["name"] = .values(.string(names)) }
  }

  /// Takes labels that the caller named.
  private mutating func takeNamed(_ array: ArchiveArray, of archive: ZipArchive) throws(StoreError) {
    let remedy = "leave --labels out, and what can be read of it become columns"
    if let reason = array.reasonNotToRead(count: count) {
      throw StoreError(
        .invalidArgument, "labels of \(reason)", remedy: "name an array of one value per image, or none",
        path: archive.path, key: array.key)
    }
    switch try archive.foundLabels(array, count: count, name: "labels") {
    case .labels(let values, let names):
      labels = .values(values)
      classNames = names ?? classNames
    case .columns(let found):
      throw StoreError(
        .invalidArgument,
        found.count == 1
          ? "values that are not whole, as labels" : "\(found.count) values per image as labels",
        remedy: remedy, path: archive.path, key: array.key)
    case .unread(let reason):
      throw StoreError(.invalidArgument, "labels of \(reason)", path: archive.path, key: array.key)
    }
  }

  /// Takes labels that nobody named, if they can be read.
  ///
  /// - Returns: whether they are labels or columns.
  private mutating func takeFound(
    _ array: ArchiveArray, of archive: ZipArchive
  ) throws(StoreError) -> Bool {
    if let reason = array.reasonNotToRead(count: count) {
      notes.append(ReadingNote(.notRead, "\(array.key): \(reason)"))
      return false
    }
    let found: FoundLabels
    do throws(StoreError) {
      found = try archive.foundLabels(array, count: count, name: "labels")
    } catch {
      // Damage is not to be passed over.
      guard error.code == .limitExceeded || error.code == .unsupported else { throw error }
      found = .unread(error.message)
    }
    switch found {
    case .labels(let values, let names):
      labels = .values(values)
      classNames = names
      return true
    case .columns(let found):
      // A column may not be called as labels are.
      for (position, column) in found.enumerated() {
        columns["labels[\(position)]"] = .values(column.values)
      }
      notes.append(
        ReadingNote(
          .decided,
          found.count == 1
            ? "\(array.key) has values that are not whole: the column labels[0], no labels"
            : "\(array.key) has \(found.count) values per image: columns, no labels"))
      return true
    case .unread(let reason):
      notes.append(ReadingNote(.notRead, "\(array.key): \(reason)"))
      return false
    }
  }

  /// Makes columns of an array with values for each image, or says that it is not read.
  private mutating func readOther(_ array: ArchiveArray, of archive: ZipArchive) throws(StoreError) {
    if array.name == Self.classNamesEntry || array.key == "classes", classNames == nil,
      let kind = array.header?.type.kind, kind == .unicode || kind == .bytes,
      array.header?.shape.count == 1
    {
      classNames = try archive.classNames(of: array.entry, name: array.name)
      return
    }
    let isOwnName = Self.column(ofEntry: array.name) != nil
    let name = Self.column(ofEntry: array.name) ?? array.key
    if let reason = array.reasonNotToRead(count: count) {
      notes.append(ReadingNote(.notRead, "\(array.key): \(reason)"))
      return
    }
    let width = array.valuesPerImage(count: count)
    for position in 0..<width {
      let column = width == 1 ? name : "\(name)[\(position)]"
      let isLegal = (try? Column.validate(name: column)) != nil && columns[column] == nil
      guard isOwnName || isLegal else {
        notes.append(ReadingNote(.notRead, "\(array.key): a column cannot be called so"))
        return
      }
      let source =
        width == 1
        ? ColumnSource.entry(name: array.name, array.entry) : .part(array, position: position)
      try add(source, column, archive)
    }
  }

  /// Takes the labels that another archive has.
  ///
  /// - Parameter name: the key of their array; nil for the only one, or one of a usual name.
  mutating func takeLabels(of archive: ZipArchive, named name: String?) throws(StoreError) {
    guard let key = try archive.labelsKey(name), let found = try archive.array(named: key) else {
      throw StoreError(
        .notFound, "which of the arrays are the labels is not clear", remedy: "name it", path: archive.path)
    }
    try takeNamed(try archive.array(found.name, found.entry), of: archive)
  }
}
