import ImageStoreCore
import ImageStoreNumPy

/// Which entries of an archive are images, labels and columns, found from their names.
struct NPZContents {
  enum Images {
    /// An image an entry: positions in the directory.
    case entries(ImagePositions)
    /// All images in one array.
    case array(name: String, ZipEntry)
  }

  let images: Images
  /// The labels' entry; nil where the archive has none.
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

  /// Whether this package calls an entry so that is not an image.
  static func isOwnName(_ name: String) -> Bool {
    name == labelsEntry || name == classNamesEntry || column(ofEntry: name) != nil
  }

  /// Names of labels, the likeliest first.
  private static let labelNames = ["labels", "outputs", "y", "label", "targets"]

  /// - Parameters:
  ///   - images: the name of one array with all images, where the caller gives it.
  ///   - labels: the name of the labels, where the caller gives it.
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
      labelNames = ArrayNames.known.filter { $0.images == images }.map(\.labels)
    } else if directory.numberedCount > 0 || !directory.strayNumbers.isEmpty {
      self.images = .entries(ImagePositions(directory))
    } else if let names = ArrayNames.present(in: archive).first {
      let found = archive.array(named: names.images)!
      self.images = .array(name: found.name, found.entry)
      labelNames = [names.labels]
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

  /// Arrays of any names: an image each, in the order they were saved, or one with all of them.
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
