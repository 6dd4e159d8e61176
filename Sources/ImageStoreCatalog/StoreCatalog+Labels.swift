internal import ImageStoreCore
internal import ImageStoreSupport

// Labels that are not in the file of the images.

extension StoreCatalog {
  /// A store with the labels that another file has. Values that are no classes, such as several per image, become a column: nothing
  /// would be read of them otherwise.
  static func labelled(
    _ store: any ImageStore, by path: String, _ name: String?
  ) throws(StoreError) -> any ImageStore {
    guard FileSystem.kind(of: path) != nil else {
      throw StoreError(.notFound, "there is no such file of labels", path: path)
    }
    let description = StoreDescription()
    var found: NamedValues?
    for format in formats where format.recognizes(path, description) {
      found = try format.values(named: name, at: path)
      if found != nil { break }
    }
    guard let found else {
      throw StoreError(
        .unrecognized, name.map { "labels called \($0) are not in this file" } ?? "not a file of labels",
        remedy: "give .npy, .npz, HDF5, IDX or CSV; name what is in it behind a colon, as in labels.h5:y",
        path: path)
    }
    let isTaken = store.columnNames.contains(FoundLabels.columnName)
    switch FoundLabels(
      found.values, shape: found.shape, imageCount: store.count,
      name: isTaken ? found.name : FoundLabels.columnName, names: found.names)
    {
    case .labels(let labels, let classNames):
      return try store.relabelled(with: labels, classNames: classNames)
    case .columns(let columns):
      var given = ImageLabels()
      for column in columns { given.columns[column.name] = column.values }
      let note =
        "\(found.name) has \(FoundLabels.text(of: columns)): the column \(columns[0].name), no labels"
      return try RelabelledStore(store, given, notes: [ReadingNote(.decided, note)])
    case .unread(let reason):
      throw StoreError(.invalidArgument, "labels of \(reason)", path: path, key: found.name)
    }
  }
}

extension [OpenedSplit] {
  /// The same splits without labels.
  func unlabelled() throws(StoreError) -> [OpenedSplit] {
    var splits: [OpenedSplit] = []
    for split in self {
      let hasLabels = try split.store.labels() != nil
      splits.append(hasLabels ? OpenedSplit(split.split, try split.store.relabelled(with: nil)) : split)
    }
    return splits
  }
}
