internal import FileStore
package import ImageStoreCore
internal import ImageStoreSupport

// Labels and columns in files of their own, for stores that have others.

extension StoreCatalog {
  /// Values that a file has, such as labels.
  ///
  /// - Parameters:
  ///   - path: `.npy`, `.npz`, HDF5, IDX, a table, text with a value on each line.
  ///   - name: the array, dataset or column; nil for the only one, or the one that has a usual name
  ///     of labels.
  ///   - count: the number of images, each of which needs a value.
  static func values(at path: String, _ name: String?, imageCount count: Int) throws(StoreError)
    -> NamedValues?
  {
    guard FileSystem.kind(of: path) != nil else {
      throw StoreError(.notFound, "there is no such file of values", path: path)
    }
    let description = StoreDescription()
    for format in formats where format.recognizes(path, description) || FileFormat.isList(path, of: format) {
      guard var found = try format.values(named: name, at: path) else { continue }
      // A list that has only words was read as if it began with a heading.
      if name == nil, format is FileFormat, case .string(let words) = found.values, words.count == count - 1 {
        found.values = .string([found.name] + words)
        found.shape = [count]
      }
      return found
    }
    return nil
  }

  /// The error for a file that does not have the values that were asked for.
  static func noValues(_ name: String?, at path: String) -> StoreError {
    StoreError(
      .unrecognized, name.map { "this file has nothing called '\($0)'" } ?? "this is not a file of labels",
      remedy: "give .npy, .npz, HDF5, IDX or CSV; name the array in it after a colon, as in labels.h5:y",
      path: path)
  }

  /// A store with the labels of its images that a file has, in their order.
  ///
  /// Numbers are labels of the classes that the store has. Text is names of classes: classes of the
  /// store keep their numbers, and new ones follow.
  package static func relabeled(
    _ store: any ImageStore, by path: String, _ name: String?
  ) throws(StoreError) -> AnnotatedStore {
    guard let found = try values(at: path, name, imageCount: store.count) else {
      throw noValues(name, at: path)
    }
    let isText = if case .string = found.values { true } else { false }
    switch FoundLabels(found.values, shape: found.shape, imageCount: store.count, names: found.names) {
    case .labels(let labels, nil): return try store.relabeled(with: labels)
    case .labels(let labels, let names?):
      guard let known = store.classNames else { return try store.relabeled(with: labels, classNames: names) }
      var all = known
      var numbers: [Int] = []
      for name in names {
        if let number = all.firstIndex(of: name) {
          numbers.append(number)
        } else {
          numbers.append(all.count)
          all.append(name)
        }
      }
      let given = labels.map { numbers.indices.contains($0) ? numbers[$0] : $0 }
      return try store.relabeled(with: given, classNames: all)
    case .columns, .unread:
      throw StoreError(
        .invalidArgument,
        "\(found.name) has \(isText ? "text" : "values") of the shape \(found.shape), which are not labels of \(store.count) images",
        remedy: "give one whole number or one name of a class per image; other values are for a column",
        path: path)
    }
  }

  /// A column of values that a file has, one per image or a vector per image, in their order.
  package static func column(
    at path: String, _ name: String?, imageCount: Int
  ) throws(StoreError) -> Column {
    guard let found = try values(at: path, name, imageCount: imageCount) else {
      throw noValues(name, at: path)
    }
    guard let width = FoundLabels.width(of: found.shape, imageCount: imageCount),
      found.values.count == imageCount * width
    else {
      throw StoreError(
        .invalidArgument, "values of the shape \(found.shape) do not fit a column of \(imageCount) images",
        remedy: "give one value or one vector per image", path: path, key: found.name)
    }
    return width > 1 ? try found.values.vectors(width: width) : found.values
  }
}
