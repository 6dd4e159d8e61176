import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ZipArchive {
  /// The keys of the arrays that are not numbered.
  var arrayKeys: [String] {
    directory.named.filter { $0.name.hasSuffix(".npy") && !ArchiveArray.isHidden($0.name) }.map {
      String($0.name.dropLast(4))
    }
  }

  /// The arrays that have many images each, by their names: at most one per split, training first.
  func imageArrays() -> [ArrayNames] {
    // If there are this many arrays, each is an image.
    guard directory.named.count <= 256 else { return [] }
    let found = ArrayNames.find(in: arrayKeys) { key in
      guard let dimensions = dimensionCount(of: key) else { return true }
      // Three dimensions are many gray images or one with channels.
      return dimensions == 4 || dimensions == 3 && isNameOfMany(key)
    }
    // Opening arrays of other shapes reports what is wrong with them.
    return found.isEmpty ? ArrayNames.find(in: arrayKeys, where: isNameOfMany) : found
  }

  /// Whether a key is that of an array of many images, as `images` and `x_train` are and `image_3`
  /// and `cat_image` are not.
  func isNameOfMany(_ key: String) -> Bool {
    guard let found = ArrayNames.find(in: [key]).first, !key.contains(where: \.isNumber) else { return false }
    return found.split != nil || key.allSatisfy(\.isLetter)
  }

  /// How many dimensions an array has; nil if its header cannot be read, -1 if images cannot have
  /// its type.
  private func dimensionCount(of key: String) -> Int? {
    guard let entry = directory.entry(named: key + ".npy") else { return nil }
    guard let header = try? array(key + ".npy", entry).header else { return nil }
    return header.type.elementType == nil ? -1 : header.shape.count
  }

  /// An array by its key: numpy's keys are the names of entries without `.npy`.
  ///
  /// - Throws: the error of its entry.
  func array(named key: String) throws(StoreError) -> (name: String, entry: ZipEntry)? {
    for name in [key + ".npy", key] {
      do throws(StoreError) {
        try directory.checkIsReadable(name)
      } catch {
        throw error.at(path: path)
      }
      if let entry = directory.entry(named: name) { return (name, entry) }
    }
    return nil
  }

  func noArray(_ key: String) -> StoreError {
    let names = directory.named.filter { !ArchiveArray.isHidden($0.name) }.prefix(8).map { named in
      named.name.hasSuffix(".npy")
        ? (try? array(named.name, directory.entries[named.position]))?.text ?? named.name : named.name
    }
    let others = directory.named.count > 8 ? " and \(directory.named.count - 8) more" : ""
    return StoreError(
      .notFound, "there is no such array",
      remedy: names.isEmpty
        ? "the archive has none" : "the archive has \(names.joined(separator: ", "))" + others,
      path: path, key: key)
  }
}
