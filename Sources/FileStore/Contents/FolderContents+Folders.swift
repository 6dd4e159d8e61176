internal import ImageStoreCore
internal import ImageStoreSupport

// Folders without a labels.csv of ours.

extension FolderContents {
  /// Reads `0.png 1.png ...` with their labels, as the tutorial "Three ways of storing and accessing lots of
  /// images in Python" writes them: `N.csv` with one label per line for all N, or a CSV of one label beside
  /// each. Without any CSV the images have no labels.
  static func readNumbered(
    _ folder: borrowing Folder, names: [String], images: [String]
  ) throws(StoreError) -> FolderContents {
    let count = images.count
    let present = Set(names)
    let isNumbered = (0..<count).allSatisfy { present.contains("\($0).png") }
    let tables = names.filter { $0.lowercased().hasSuffix(".csv") }
    guard isNumbered else {
      guard tables.isEmpty else {
        throw StoreError(
          .unrecognized, "images not called 0.png, 1.png ... beside \(tables[0])",
          remedy: "describe them in labels.csv with the header file,label", path: folder.path)
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
      contents.labels = try readLabels("\(count).csv", in: folder, count: count)
    } else {
      // An image without its CSV is named by the error of opening it.
      var labels: [Int] = []
      labels.reserveCapacity(count)
      for index in 0..<count {
        guard present.contains("\(index).csv") else {
          throw StoreError(
            .corrupt, "\(count) images with neither \(count).csv nor \(index).csv",
            remedy: "give all labels in \(count).csv, one per line", path: folder.path)
        }
        labels += try readLabels("\(index).csv", in: folder, count: 1)
      }
      contents.labels = labels
    }
    return contents
  }

  /// Reads one label per line, without a header.
  private static func readLabels(
    _ name: String, in folder: borrowing Folder, count: Int
  ) throws(StoreError) -> [Int] {
    let map = try MappedFile(File(name, in: folder, .read, followingLinks: true))
    var reader = CSVReader(map, separator: " ", quote: "|")
    var labels: [Int] = []
    var fields: [CSVField] = []
    while try reader.next(&fields, atMost: 1) {
      guard let label = reader.integer(fields[0]) else {
        throw reader.error("a line that is not one whole number", remedy: "give one label per line")
      }
      guard labels.count < count else { throw reader.error("more labels than the \(count) of the images") }
      labels.append(label)
    }
    guard labels.count == count else {
      throw StoreError(.corrupt, "\(labels.count) labels for \(count) images", path: map.path)
    }
    return labels
  }

  /// Reads a folder per class, as torchvision's ImageFolder does: classes are numbered by their sorted
  /// names, images sorted within each, folders within a class included, hidden files left out. Links
  /// to folders are not followed, since one may lead above or out of the store.
  ///
  /// - Returns: nil if no class has an image.
  static func readClassFolders(
    _ folder: borrowing Folder, classes: [String]
  ) throws(StoreError) -> FolderContents? {
    var paths = ImagePaths()
    var labels: [Int] = []
    var scratch: [UInt8] = []
    for (label, name) in classes.enumerated() {
      try appendImages(in: folder.folder(name), name, depth: 0, to: &paths, scratch: &scratch)
      labels += repeatElement(label, count: paths.count - labels.count)
    }
    guard paths.count > 0 else { return nil }
    return FolderContents(kind: .classFolders, paths: paths, labels: labels, classNames: classes)
  }

  /// - Parameter prefix: the folder's path within the store's.
  private static func appendImages(
    in folder: borrowing Folder, _ prefix: String, depth: Int, to paths: inout ImagePaths,
    scratch: inout [UInt8]
  ) throws(StoreError) {
    guard depth < 32 else { throw StoreError(.limitExceeded, "folders more than 32 deep", path: folder.path) }
    for name in try folder.names() where !name.hasPrefix(".") {
      let path = "\(prefix)/\(name)"
      if isImage(name) {
        try paths.append(path.utf8, scratch: &scratch)
      } else if folder.kind(of: name) == .folder {
        try appendImages(in: folder.folder(name), path, depth: depth + 1, to: &paths, scratch: &scratch)
      }
    }
  }
}
