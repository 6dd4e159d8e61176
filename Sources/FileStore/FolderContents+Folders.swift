internal import ImageStoreCore
internal import StoreIO

// Folders without a labels.csv of ours.

extension FolderContents {
  /// Reads `0.png 1.png ...` with their labels, as the tutorial "Three ways of storing and accessing lots of
  /// images in Python" writes them: `N.csv` with one label a line for all N, or a CSV of one label beside
  /// each. Without any CSV the images have no labels.
  static func readNumbered(
    _ folder: String, names: [String], images: [String]
  ) throws(StoreError) -> FolderContents {
    let count = images.count
    let present = Set(names)
    let isNumbered = (0..<count).allSatisfy { present.contains("\($0).png") }
    let tables = names.filter { $0.lowercased().hasSuffix(".csv") }
    guard isNumbered else {
      guard tables.isEmpty else {
        throw StoreError(
          .unrecognized, "images not called 0.png, 1.png ... beside \(tables[0])",
          remedy: "describe them in labels.csv with the header file,label", path: folder)
      }
      var paths = ImagePaths()
      var scratch: [UInt8] = []
      for image in images { try paths.append(image.utf8, scratch: &scratch) }
      return FolderContents(kind: .plain, paths: paths)
    }
    var contents = FolderContents(kind: .numbered, paths: ImagePaths(.flat, count: count))
    if tables.isEmpty {
      contents.kind = .plain
    } else if present.contains("\(count).csv") {
      contents.labels = try readLabels("\(folder)/\(count).csv", count: count)
    } else {
      // An image without its CSV is named by the error of opening it.
      var labels: [Int] = []
      labels.reserveCapacity(count)
      for index in 0..<count {
        guard present.contains("\(index).csv") else {
          throw StoreError(
            .corrupt, "\(count) images with neither \(count).csv nor \(index).csv",
            remedy: "give all labels in \(count).csv, one a line", path: folder)
        }
        labels += try readLabels("\(folder)/\(index).csv", count: 1)
      }
      contents.labels = labels
    }
    return contents
  }

  /// Reads one label a line, without a header.
  private static func readLabels(_ path: String, count: Int) throws(StoreError) -> [Int] {
    var reader = try CSVReader(MappedFile(path), separator: " ", quote: "|")
    var labels: [Int] = []
    var fields: [CSVField] = []
    while try reader.next(&fields) {
      guard fields.count == 1, let label = reader.integer(fields[0]) else {
        throw reader.error("a line that is not one whole number", remedy: "give one label a line")
      }
      labels.append(label)
    }
    guard labels.count == count else {
      throw StoreError(.corrupt, "\(labels.count) labels for \(count) images", path: path)
    }
    return labels
  }

  /// Reads a folder a class, as torchvision's ImageFolder does: classes are numbered by their sorted
  /// names, images sorted within each, folders within a class included, hidden files left out. Links
  /// to folders are not followed, since one may lead above or out of the store.
  ///
  /// - Returns: nil where no class has an image.
  static func readClassFolders(
    _ folder: String, classes: [String]
  ) throws(StoreError) -> FolderContents? {
    var paths = ImagePaths()
    var labels: [Int] = []
    var scratch: [UInt8] = []
    for (label, name) in classes.enumerated() {
      try appendImages(in: name, of: folder, depth: 0, to: &paths, scratch: &scratch)
      labels += repeatElement(label, count: paths.count - labels.count)
    }
    guard paths.count > 0 else { return nil }
    return FolderContents(kind: .classFolders, paths: paths, labels: labels, classNames: classes)
  }

  private static func appendImages(
    in subfolder: String, of folder: String, depth: Int, to paths: inout ImagePaths, scratch: inout [UInt8]
  ) throws(StoreError) {
    guard depth < 32 else {
      throw StoreError(.limitExceeded, "folders more than 32 deep", path: "\(folder)/\(subfolder)")
    }
    for name in try FileSystem.names(in: "\(folder)/\(subfolder)") where !name.hasPrefix(".") {
      let path = "\(subfolder)/\(name)"
      if isImage(name) {
        try paths.append(path.utf8, scratch: &scratch)
      } else if FileSystem.kind(of: "\(folder)/\(path)", followingLinks: false) == .folder {
        try appendImages(in: path, of: folder, depth: depth + 1, to: &paths, scratch: &scratch)
      }
    }
  }
}
