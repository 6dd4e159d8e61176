import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

// Labels of images in other files.

extension ZipArchive {
  /// The key of the labels in an archive that is used only for labels.
  ///
  /// - Parameter name: the key, if it is known.
  /// - Returns: nil if none is clearly the labels.
  /// - Throws: ``StoreError/Code/notFound`` if there is no array of the name.
  func labelsKey(_ name: String?) throws(StoreError) -> String? {
    if let name {
      guard try array(named: name) != nil else { throw noArray(name) }
      return name
    }
    let keys = arrayKeys
    if keys.contains("outputs") { return "outputs" }
    if let usual = ArrayNames.labels(of: "images", in: keys).first { return usual }
    return keys.count == 1 ? keys[0] : nil
  }

  /// The values of an array of any shape, for labels of images in another file.
  func namedValues(_ name: String?) throws(StoreError) -> NamedValues? {
    guard let key = try labelsKey(name), let found = try array(named: key) else {
      guard !arrayKeys.isEmpty else { return nil }
      throw StoreError(
        .invalidArgument, "it is not clear which of its arrays has the labels",
        remedy:
          "name it after a colon, as in FILE:NAME; it has \(arrayKeys.prefix(8).joined(separator: ", "))",
        path: path)
    }
    let array = try array(found.name, found.entry)
    do throws(StoreError) {
      let header = try array.readable()
      guard !header.isFortranOrder || header.shape.count(where: { $0 > 1 }) <= 1 else {
        throw StoreError(
          .unsupported, "the values are in Fortran order, which is not read",
          remedy: "save them again with numpy's ascontiguousarray")
      }
      return NamedValues(name: key, values: try values(of: array), shape: header.shape)
    } catch {
      throw error.at(path: path, key: key)
    }
  }
}
