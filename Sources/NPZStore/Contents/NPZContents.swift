import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Which entries of an archive are images, labels and columns, found from their names.
struct NPZContents {
  enum Images {
    /// One entry per image: positions in the directory.
    case entries(ImagePositions)
    /// All images in one array.
    case array(name: String, ZipEntry)
  }

  let images: Images
  /// The labels' entry; nil if the archive has none.
  let labels: (name: String, entry: ZipEntry)?
  let classNames: ZipEntry?
  /// Columns by their names.
  let columns: [String: ZipEntry]

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

  /// Names of labels, the likeliest first.
  private static let labelNames = ["labels", "outputs", "y", "label", "targets"]

  /// - Parameters:
  ///   - images: the name of one array with all images, if the caller gives it.
  ///   - labels: the name of the labels, if the caller gives it.
  init(of archive: ZipArchive, images: String?, labels: String?) throws(StoreError) {
    let directory = archive.directory
    classNames = directory.entry(named: Self.classNamesEntry)
    var columns: [String: ZipEntry] = [:]
    for named in directory.named {
      guard let column = Self.column(ofEntry: named.name) else { continue }
      do throws(StoreError) {
        try Column.validate(name: column)
      } catch {
        throw error.at(path: archive.path)
      }
      // Bytes that differ can be one name: an e with an acute accent is one character of Unicode, or two.
      guard columns.updateValue(directory.entries[named.position], forKey: column) == nil else {
        throw StoreError(.corrupt, "two columns of this name", path: archive.path, key: column)
      }
    }
    self.columns = columns
    var labelNames = Self.labelNames
    if let images {
      guard let found = archive.array(named: images) else { throw archive.noArray(images) }
      self.images = .array(name: found.name, found.entry)
      labelNames = ArrayNames.labels(of: images, in: archive.arrayKeys)
    } else if directory.numberedCount > 0 || !directory.strayNumbers.isEmpty {
      self.images = .entries(ImagePositions(directory))
    } else if let names = archive.imageArrays().first, let found = archive.array(named: names.images) {
      self.images = .array(name: found.name, found.entry)
      labelNames = names.labels
    } else {
      self.images = try Self.otherArrays(of: archive, labelNames: labelNames)
    }
    if let labels {
      guard let found = archive.array(named: labels) else { throw archive.noArray(labels) }
      self.labels = found
    } else {
      self.labels = archive.firstArray(of: labelNames)
    }
  }

  /// The labels of an archive that holds nothing else.
  static func labels(
    in archive: ZipArchive, named name: String?
  ) throws(StoreError) -> (name: String, entry: ZipEntry) {
    if let name {
      guard let found = archive.array(named: name) else { throw archive.noArray(name) }
      return found
    }
    if let found = archive.firstArray(of: ["outputs"] + labelNames) { return found }
    let arrays = archive.directory.named.filter { $0.name.hasSuffix(".npy") }
    guard arrays.count == 1, let only = arrays.first else {
      throw StoreError(
        .notFound, "which of the \(arrays.count) arrays are the labels is not clear", remedy: "name it",
        path: archive.path)
    }
    return (only.name, archive.directory.entries[only.position])
  }

  /// Arrays of any names: one per image, in the order they were saved, or one with all of them.
  private static func otherArrays(
    of archive: ZipArchive, labelNames: [String]
  ) throws(StoreError) -> Images {
    let arrays = archive.directory.named.filter { entry in
      entry.name.hasSuffix(".npy") && !entry.name.hasPrefix(columnPrefix) && entry.name != classNamesEntry
        && !labelNames.contains(String(entry.name.dropLast(4)))
    }
    if arrays.isEmpty && archive.end.mark == nil {
      throw StoreError(
        .unrecognized, "the archive has no arrays that could be images", remedy: "name the array",
        path: archive.path)
    }
    if let only = arrays.first, arrays.count == 1 {
      let entry = archive.directory.entries[only.position]
      let header = try archive.header(of: entry, name: only.name)
      if header.shape.count == 4 { return .array(name: only.name, entry) }
    }
    return .entries(ImagePositions(named: arrays))
  }
}

extension ZipArchive {
  /// The keys of the arrays that are not numbered.
  var arrayKeys: [String] {
    directory.named.filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
  }

  /// The arrays that have many images each, by what their names say: at most one per split, training first.
  func imageArrays() -> [ArrayNames] {
    // Of so many arrays each is an image.
    guard directory.named.count <= 256 else { return [] }
    let found = ArrayNames.find(in: arrayKeys) { key in
      guard let dimensions = dimensionCount(of: key) else { return true }
      // Three dimensions are many gray images or one with channels.
      return dimensions == 4 || dimensions == 3 && isNameOfMany(key)
    }
    // Whoever opens arrays of other shapes is told what is wrong with them.
    return found.isEmpty ? ArrayNames.find(in: arrayKeys, where: isNameOfMany) : found
  }

  /// Whether a key is that of an array of many images, as `images` and `x_train` are and `image_3` and `cat_image` are not.
  private func isNameOfMany(_ key: String) -> Bool {
    guard let found = ArrayNames.find(in: [key]).first, !key.contains(where: \.isNumber) else { return false }
    return found.split != nil || key.allSatisfy(\.isLetter)
  }

  /// How many dimensions an array has; nil if its header cannot be read.
  private func dimensionCount(of key: String) -> Int? {
    guard let (name, entry) = array(named: key) else { return nil }
    return (try? header(of: entry, name: name))?.shape.count
  }

  /// An array by its key: numpy's keys are the names of entries without `.npy`.
  func array(named key: String) -> (name: String, entry: ZipEntry)? {
    for name in [key + ".npy", key] {
      if let entry = directory.entry(named: name) { return (name, entry) }
    }
    return nil
  }

  func firstArray(of keys: [String]) -> (name: String, entry: ZipEntry)? {
    for key in keys {
      if let entry = directory.entry(named: key + ".npy") { return (key + ".npy", entry) }
    }
    return nil
  }

  func noArray(_ key: String) -> StoreError {
    let names = directory.named.prefix(8).map {
      $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name
    }
    return StoreError(
      .notFound, "there is no such array",
      remedy: names.isEmpty ? "the archive has none" : "the archive has \(names.joined(separator: ", "))",
      path: path, key: key)
  }
}

/// Where in an archive's directory the entry of each image stands.
struct ImagePositions: Sendable {
  let count: Int
  /// The position of the first image if images stand in a row, numbered from 0.
  private let first: Int
  /// Positions of images that do not.
  private let others: [UInt32]
  /// Names of images that are not called by their number.
  private let names: [String]
  /// Numbers of images, if those leave gaps.
  private let numbers: [Int]

  /// Whether image `i` is called `ix-i.npy`, with at least six digits, for all images.
  var areNumbered: Bool { names.isEmpty && numbers.isEmpty }

  /// The entries called `ix-000000.npy` and so on, by rising number.
  init(_ directory: ZipDirectory) {
    first = directory.firstNumbered
    names = []
    guard !directory.strayNumbers.isEmpty else {
      count = directory.numberedCount
      others = []
      numbers = []
      return
    }
    let row = (0..<directory.numberedCount).map { (number: $0, position: directory.firstNumbered + $0) }
    let all = row + directory.strayNumbers
    count = all.count
    others = all.map { UInt32($0.position) }
    let isGapless = all.enumerated().allSatisfy { $0.offset == $0.element.number }
    numbers = isGapless ? [] : all.map(\.number)
  }

  /// Entries of any names, in the order given.
  init(named entries: [ZipDirectory.Named]) {
    count = entries.count
    first = 0
    others = entries.map { UInt32($0.position) }
    names = entries.map(\.name)
    numbers = []
  }

  /// The position of an image's entry; the index has been checked.
  @inline(__always)
  func position(of index: Int) -> Int {
    others.isEmpty ? first + index : Int(others[index])
  }

  func name(of index: Int) -> String {
    if !names.isEmpty { return names[index] }
    return ZipNumbering.images.name(of: numbers.isEmpty ? index : numbers[index])
  }
}
