import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// The dataset with the labels: the one named, or the one whose name goes with that of the images, or
  /// `labels` or `meta` if there are as many, as long as it holds integers.
  func labels(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, given: String?, images: String,
    isCount: (DatasetDescription) -> Bool
  ) throws(StoreError) -> DatasetDescription? {
    if let given {
      let dataset = try describe(session, handle, given)
      guard let type = dataset.type, type.kind != .float else {
        throw StoreError(
          .unsupported, "labels of \(dataset.typeText)",
          remedy: "labels are integers", key: given)
      }
      return dataset
    }
    func isIntegers(_ dataset: DatasetDescription) -> Bool { dataset.type.map { $0.kind != .float } ?? false }
    // The usual name, before all names are listed.
    if images == DatasetNames.images, let dataset = try known(session, handle, DatasetNames.labels),
      isIntegers(dataset)
    {
      return dataset
    }
    let companions = try ArrayNames.labels(
      of: images, in: session.arrayNames(in: handle, fileByteCount: file.byteCount, beside: images))
    // If the name of the images says nothing, what is called labels goes with them only if there are as many.
    let mustAgree = !ArrayNames.find(in: [images]).isEmpty
    for name in companions {
      if let dataset = try known(session, handle, name), isIntegers(dataset), mustAgree || isCount(dataset) {
        return dataset
      }
    }
    for name in [DatasetNames.labels, DatasetNames.meta] where !companions.contains(name) {
      if let dataset = try known(session, handle, name), isIntegers(dataset), isCount(dataset) {
        return dataset
      }
    }
    return nil
  }

  /// Describes a dataset, if there is one of a name.
  private func known(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String
  ) throws(StoreError) -> DatasetDescription? {
    guard let object = try session.open(name, in: handle), !session.isGroup(object) else { return nil }
    return try session.describe(object, name: name, fileByteCount: file.byteCount)
  }

  /// The datasets in the group `columns`.
  ///
  /// - Parameter isOwn: whether the images are those of a store that this package wrote. Beside others, what is not a value
  ///   per image that can be read is left out, since it need not be meant as a column.
  func columns(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, of count: Int, isOwn: Bool
  ) throws(StoreError) -> [String: StoredValues] {
    guard let group = try session.open(DatasetNames.columns, in: handle), session.isGroup(group) else {
      return [:]
    }
    var columns: [String: StoredValues] = [:]
    for link in try session.links(of: group, fileByteCount: file.byteCount) {
      let name = "\(DatasetNames.columns)/\(link.name)"
      do throws(StoreError) {
        if !isOwn, try session.isDangling(name, in: handle) { continue }
        let dataset = try describe(session, handle, name)
        guard isOwn || dataset.count == count && dataset.isColumn else { continue }
        columns[link.name] = try values(session, handle, dataset)
      } catch {
        guard !isOwn, [.unsupported, .notFound].contains(error.code) else { throw error }
      }
    }
    return columns
  }

  /// Finds the names of the classes: an attribute of the file, or a dataset if there are too many for one.
  func findClassNames(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, in records: inout HDF5Records
  ) throws(StoreError) {
    let root = try session.rootGroup(of: handle)
    let limit = MemoryBudget.limit(fileByteCount: file.byteCount)
    if let names = try session.stringsAttribute(DatasetNames.classNames, of: root, limit: limit) {
      records.classNames = names
      return
    }
    guard let object = try session.open(DatasetNames.classNames, in: handle), !session.isGroup(object)
    else { return }
    let dataset = try session.describe(
      object, name: DatasetNames.classNames, fileByteCount: file.byteCount)
    records.storedClassNames = try values(session, handle, dataset)
  }

  /// Whether this package wrote the file. Earlier releases had no mark, but a version and checksums.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if a later version wrote it in a layout that this one does not know.
  func isOwn(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, hasChecksums: Bool
  ) throws(StoreError) -> Bool {
    let root = try session.rootGroup(of: handle)
    guard let version = try session.integerAttribute(DatasetNames.formatVersion, of: root) else {
      return false
    }
    let isMarked =
      if library.hasMetadataChecksum { true } else { try OwnMark.isAttribute(session, of: root) }
    guard !isMarked || version == DatasetNames.version else {
      throw StoreError(
        .unsupported, "version \(version) of the layout",
        remedy: "this package reads version \(DatasetNames.version)", key: DatasetNames.formatVersion)
    }
    return isMarked || hasChecksums
  }

  /// Checksums, if the file has any.
  func readChecksums(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, into records: inout HDF5Records
  ) throws(StoreError) {
    guard let object = try session.open(DatasetNames.checksums, in: handle), !session.isGroup(object)
    else { return }
    let dataset = try session.describe(
      object, name: DatasetNames.checksums, fileByteCount: file.byteCount)
    records.checksums = try values(session, handle, dataset)
    for name in try session.attributeNames(of: object) {
      if let value = try session.integerAttribute(name, of: object).flatMap(UInt32.init(exactly:)) {
        records.valueChecksums[name] = value
      }
    }
  }

  private func describe(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String
  ) throws(StoreError) -> DatasetDescription {
    let object = try session.openDataset(name, in: handle)
    return try session.describe(object, name: name, fileByteCount: file.byteCount)
  }
}
