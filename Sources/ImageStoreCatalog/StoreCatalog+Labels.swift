internal import ImageStoreCore
internal import ImageStoreSupport

// Labels that are not in the file of the images.

extension StoreCatalog {
  /// A store with the labels that another file has. Values that are not classes, such as several
  /// per image, become a column, because otherwise they would not be read at all.
  static func labelled(
    _ store: any ImageStore, by path: String, _ name: String?
  ) throws(StoreError) -> any ImageStore {
    var found = try values(at: path, name, imageCount: store.count)
    if found == nil, name == nil { found = try bareLabels(at: path, count: store.count) }
    guard let found else { throw noValues(name, at: path) }
    let isTaken = store.columnNames.contains(FoundLabels.columnName)
    switch FoundLabels(
      found.values, shape: found.shape, imageCount: store.count,
      name: isTaken ? found.name : FoundLabels.columnName, names: found.names)
    {
    case .labels(let labels, let classNames):
      return try store.relabeled(with: labels, classNames: classNames)
    case .columns(let columns):
      var given: [String: Column] = [:]
      for column in columns { given[column.name] = column.values }
      let note =
        "\(found.name) has \(FoundLabels.text(of: columns)): the column \(columns[0].name), no labels"
      return try store.unlabeled(columns: given, notes: [ReadingNote(.decided, note)])
    case .unread(let reason):
      throw StoreError(.invalidArgument, "these are not labels: \(reason)", path: path, key: found.name)
    }
  }
}

extension StoreCatalog {
  /// Labels in a file that has a byte for each image and nothing else, as STL-10 has them; nil for
  /// any other file.
  private static func bareLabels(at path: String, count: Int) throws(StoreError) -> NamedValues? {
    guard FileSignature(ofFile: path) == nil else { return nil }
    let map = try MappedFile(path)
    guard map.byteCount == count, let bytes = unsafe map.bytes(at: 0, count: count) else { return nil }
    let values = unsafe bytes.map { Int64($0) }
    withExtendedLifetime(map) {}
    return NamedValues(name: FileSystem.split(path).name, values: .int64(values), shape: [count])
  }
}

extension StoreDescription {
  /// The error for labels with a name that is obviously that of a missing file.
  func explaining(_ error: StoreError) -> StoreError {
    let suffixes = [".npy", ".npz", ".h5", ".hdf5", ".mat", ".csv", ".tsv", ".txt", "-ubyte", ".gz"]
    guard let name = labelsName, FileHead.hasSuffix(name, suffixes), FileSystem.kind(of: name) == nil,
      error.key == name || error.message.contains("'\(name)'") || error.code == .unusedOption
    else { return error }
    return StoreError(.notFound, "there is no such file of labels", path: name)
  }
}

extension [OpenedSplit] {
  /// The same splits without labels.
  func unlabelled() throws(StoreError) -> [OpenedSplit] {
    var splits: [OpenedSplit] = []
    for split in self {
      let hasLabels = try split.store.labels() != nil
      splits.append(hasLabels ? OpenedSplit(split.split, try split.store.unlabeled()) : split)
    }
    return splits
  }
}
