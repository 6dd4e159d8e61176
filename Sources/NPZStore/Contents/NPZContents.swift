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
    /// Encoded images of this package, with their kinds from its index.
    case ownEncoded(ImagePositions, [StoredKind])
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
    /// As this package writes it.
    case own(NamedEntry, offsets: NamedEntry?)
    case values(Column)
    /// An array of another program, with this many values per image.
    case array(ArchiveArray, width: Int)
    /// One of several texts per image.
    case part(ArchiveArray, width: Int, position: Int)
  }

  typealias NamedEntry = (name: String, entry: ZipEntry)

  let images: Images
  private(set) var labels = Labels.none
  private(set) var classNames: [String]?
  /// Columns by their names.
  private(set) var columns: [String: ColumnSource] = [:]
  private(set) var notes: [ReadingNote] = []
  /// Keys of arrays that belong to other splits.
  private let elsewhere: Set<String>

  static let classNamesEntry = "class_names.npy"
  static let labelsEntry = "labels.npy"
  static let columnPrefix = "columns/"
  /// Where the offsets are of columns of bytes.
  static let offsetsPrefix = "offsets/"
  /// The index of encoded images.
  static let shapesEntry = "shapes.npy"

  /// The column of the entry with a name, or nil.
  static func column(ofEntry name: String) -> String? { column(ofEntry: name, in: columnPrefix) }

  /// The column or the offsets of the entry with a name, or nil.
  static func column(ofEntry name: String, in prefix: String) -> String? {
    let name = name.utf8
    guard name.starts(with: prefix.utf8), name.count >= prefix.utf8.count + 4,
      name.suffix(4).elementsEqual(".npy".utf8)
    else { return nil }
    return ColumnName.unescaped(String(name.dropFirst(prefix.utf8.count).dropLast(4))!, in: .path)
  }

  /// The entry of a column, or of its offsets.
  static func entry(ofColumn name: String, in prefix: String = columnPrefix) -> String {
    "\(prefix)\(ColumnName.escaped(name, for: .path)).npy"
  }

  /// Whether this package gives the name to entries that are not images.
  static func isOwnName(_ name: String) -> Bool {
    name == labelsEntry || name == classNamesEntry || column(ofEntry: name) != nil
      || column(ofEntry: name, in: offsetsPrefix) != nil
  }

  /// - Parameters:
  ///   - description: the caller's description of the archive.
  ///   - elsewhere: keys of arrays that belong to other splits, which need no notes.
  init(
    of archive: ZipArchive, _ description: StoreDescription, elsewhere: Set<String> = []
  ) throws(StoreError) {
    self.elsewhere = elsewhere
    if archive.end.mark != nil, description.images == nil {
      let positions = ImagePositions(archive.directory)
      images =
        archive.end.mark == .encoded
        ? .ownEncoded(positions, try archive.kinds(count: positions.count)) : .entries(positions)
      try readOwn(archive, description)
    } else {
      var choice = try ImageChoice(archive, description)
      images = try choice.images()
      notes = choice.notes
      try read(archive, description, choice)
    }
  }

  var count: Int {
    switch images {
    case .entries(let positions): positions.count
    case .array(_, let geometry): geometry.count
    case .bits(_, let bits): bits.count
    case .encoded(let places): places.count
    case .ownEncoded(let positions, _): positions.count
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
      let entry = (named.name, directory.entries[named.position])
      try add(.own(entry, offsets: Self.offsets(ofColumnAt: named.name, directory)), column, archive)
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

  /// The offsets that go with an entry of a column, if it is one of bytes.
  private static func offsets(ofColumnAt name: String, _ directory: ZipDirectory) -> NamedEntry? {
    let name = offsetsPrefix + name.dropFirst(columnPrefix.count)
    return directory.entry(named: name).map { (name, $0) }
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
      throw StoreError(.corrupt, "there are two columns of this name", path: archive.path, key: name)
    }
  }

  /// Other contents of another program: labels, values per image, or arrays that are not read.
  private mutating func read(
    _ archive: ZipArchive, _ description: StoreDescription, _ choice: ImageChoice
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
    let images: String? = if case .array(let array, _) = self.images { array.key } else { nil }
    for array in try archive.otherArrays() where !used.contains(array.key) && !elsewhere.contains(array.key) {
      try readOther(array, beside: images, of: archive)
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

  /// Uses labels that the caller named.
  private mutating func takeNamed(_ array: ArchiveArray, of archive: ZipArchive) throws(StoreError) {
    let remedy = "leave --labels out to read them as columns"
    if let reason = array.reasonNotToRead(count: count) {
      throw StoreError(
        .invalidArgument, "these are not labels: \(reason)",
        remedy: "name an array of one value per image, or none",
        path: archive.path, key: array.key)
    }
    switch try archive.foundLabels(array, count: count) {
    case .labels(let values, let names):
      labels = .values(values)
      classNames = names ?? classNames
    case .columns(let found):
      throw StoreError(
        .invalidArgument,
        "these are not labels, but \(FoundLabels.text(of: found))", remedy: remedy, path: archive.path,
        key: array.key)
    case .unread(let reason):
      throw StoreError(
        .invalidArgument, "these are not labels: \(reason)", path: archive.path, key: array.key)
    }
  }

  /// Uses labels that the caller did not name, if they can be read.
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
      found = try archive.foundLabels(array, count: count)
    } catch {
      // Damage must not be skipped.
      guard error.code == .limitExceeded || error.code == .unsupported else { throw error }
      found = .unread(error.message)
    }
    switch found {
    case .labels(let values, let names):
      labels = .values(values)
      classNames = names
      return true
    case .columns(let found):
      for column in found { columns[column.name] = .values(column.values) }
      notes.append(
        ReadingNote(
          .decided, "\(array.key) has \(FoundLabels.text(of: found)): the column \(found[0].name), no labels")
      )
      return true
    case .unread(let reason):
      notes.append(ReadingNote(.notRead, "\(array.key): \(reason)"))
      return false
    }
  }

  /// Makes columns of an array with values for each image, or notes that it is not read.
  ///
  /// - Parameter images: the key of the array that has all images, if one has.
  private mutating func readOther(
    _ array: ArchiveArray, beside images: String?, of archive: ZipArchive
  ) throws(StoreError) {
    if array.name == Self.classNamesEntry || array.key == "classes", classNames == nil,
      let kind = array.header?.type.kind, kind == .unicode || kind == .bytes,
      array.header?.shape.count == 1
    {
      classNames = try archive.classNames(of: array.entry, name: array.name)
      return
    }
    if Self.column(ofEntry: array.name, in: Self.offsetsPrefix) != nil,
      archive.directory.entry(named: Self.columnPrefix + array.name.dropFirst(Self.offsetsPrefix.count))
        != nil
    {
      return
    }
    let own = Self.column(ofEntry: array.name)
    guard own.map({ (try? Column.validate(name: $0)) != nil }) ?? true else {
      notes.append(ReadingNote(.notRead, "\(array.key): this cannot be the name of a column"))
      return
    }
    if let own, let offsets = Self.offsets(ofColumnAt: array.name, archive.directory) {
      return try add(.own((array.name, array.entry), offsets: offsets), own, archive)
    }
    if let reason = array.reasonNotToRead(count: count) {
      notes.append(ReadingNote(.notRead, "\(array.key): \(reason)"))
      return
    }
    let short = images.map { ArrayNames.columnName(of: array.key, beside: $0) } ?? array.key
    guard let name = own ?? short else {
      // The store of that split has the notes on it.
      let split = ArrayNames.split(of: array.key)
      if !elsewhere.contains(where: { ArrayNames.split(of: $0) == split }) {
        notes.append(ReadingNote(.notRead, array.text))
      }
      return
    }
    // Numbers beyond 63 bits are found now, so that reading all columns later does not fail.
    if own == nil, let type = array.header?.type, type.kind == .unsignedInteger, type.byteCount == 8,
      (try? archive.values(of: array)) == nil
    {
      notes.append(ReadingNote(.notRead, "\(array.text), numbers beyond 63 bits"))
      return
    }
    let width = array.valuesPerImage(count: count)
    // Several texts per image are a column each.
    let isDivided = width > 1 && !(array.header?.type.isNumber ?? false)
    for position in 0..<(isDivided ? width : 1) {
      func called(_ name: String) -> String { isDivided ? "\(name)[\(position)]" : name }
      let names = [called(name), called(array.key)]
      let legal = names.first { (try? Column.validate(name: $0)) != nil && columns[$0] == nil }
      guard let column = own.map(called) ?? legal else {
        notes.append(ReadingNote(.notRead, "\(array.key): this cannot be the name of a column"))
        return
      }
      try add(
        isDivided ? .part(array, width: width, position: position) : .array(array, width: width), column,
        archive)
    }
  }

  /// The names of the classes, if the labels were found by them.
  var foundClassNames: [String]? { if case .values = labels { classNames } else { nil } }

  /// Uses the numbers that classes have in all splits.
  mutating func take(_ shared: SharedClasses) {
    guard case .values(let values) = labels, let names = classNames else { return }
    labels = .values(shared.translate(values, from: names))
    classNames = shared.names
  }

  /// Uses the labels of another archive.
  ///
  /// Values that are not classes become a column, because otherwise they would not be read at all.
  ///
  /// - Parameters:
  ///   - name: the key of their array; nil for the only one, or one of a usual name.
  ///   - isSaid: whether the caller says that it has them, so that it is an error if they cannot be read.
  mutating func takeLabels(
    of archive: ZipArchive, named name: String?, isSaid: Bool
  ) throws(StoreError) {
    guard let key = try archive.labelsKey(name), let found = try archive.array(named: key) else {
      throw StoreError(
        .notFound, "it is not clear which of the arrays has the labels", remedy: "name it", path: archive.path
      )
    }
    let array = try archive.array(found.name, found.entry)
    guard try !takeFound(array, of: archive), isSaid else { return }
    throw StoreError(
      .invalidArgument, "these are not labels: \(array.reasonNotToRead(count: count) ?? "another type")",
      remedy: "name an array of one value per image, or none", path: archive.path, key: array.key)
  }
}
