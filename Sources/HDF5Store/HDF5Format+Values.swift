package import ImageStoreCore
package import ImageStoreSupport

extension HDF5Format {
  package func values(named name: String?, at path: String) throws(StoreError) -> NamedValues? {
    let library = try LibraryFile(path)
    return try library.withFile { (session, file) throws(StoreError) in
      let reader = ContentsReader(library)
      guard let dataset = try reader.values(session, file, named: name) else { return nil }
      guard let stored = try reader.values(session, file, dataset),
        let column = try reader.column(session, file, stored)
      else {
        throw StoreError(.unsupported, "values of \(dataset.typeText) cannot be labels", key: dataset.name)
      }
      var names: [Int: String]?
      if case .enumeration(_, let all) = dataset.elements { names = all }
      return NamedValues(name: dataset.name, values: column, shape: dataset.shape, names: names)
    }
  }
}

extension ContentsReader {
  /// The dataset with a name, or the one with a usual name of labels, or the only one in the root.
  fileprivate func values(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, named name: String?
  ) throws(StoreError) -> DatasetDescription? {
    if let name {
      if let dataset = try known(session, handle, name) { return dataset }
      throw StoreError(
        .notFound, "there is no dataset of this name",
        remedy: try "the file has \(session.names(in: handle, fileByteCount: file.byteCount))", key: name)
    }
    let names = try session.arrayNames(in: handle, fileByteCount: file.byteCount)
    for label in ArrayNames.labels(of: DatasetNames.images, in: names) {
      if let dataset = try known(session, handle, label) { return dataset }
    }
    var only: DatasetDescription?
    for name in names {
      guard let dataset = try known(session, handle, name) else { continue }
      guard only == nil else {
        throw StoreError(
          .invalidArgument, "it is not clear which of its datasets has the labels",
          remedy: try "name it after a colon, as in FILE:NAME; the file has "
            + session.names(in: handle, fileByteCount: file.byteCount))
      }
      only = dataset
    }
    return only
  }
}
