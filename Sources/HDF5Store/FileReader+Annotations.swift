import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension FileReader {
  /// The dataset with the labels: the one named, or the one whose name goes with that of the images, or
  /// `labels` or `meta`, as long as it holds integers.
  func labels(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, given: String?, images: String,
    isCount: (DatasetDescription) -> Bool
  ) throws(StoreError) -> DatasetDescription? {
    if let given {
      let dataset = try describe(session, handle, given)
      guard let type = dataset.type, type.kind != .float else {
        throw StoreError(
          .unsupported, "labels of the type \(dataset.type?.name ?? "of no number")",
          remedy: "labels are integers", key: given)
      }
      return dataset
    }
    let companions = DatasetNames.labels(forImages: images)
    for name in companions {
      guard let object = try session.open(name, in: handle), !session.isGroup(object) else { continue }
      let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
      if let type = dataset.type, type.kind != .float { return dataset }
    }
    // A name of no meaning here: what is called labels goes with it where there are as many.
    for name in ["labels", "meta"] where !companions.contains(name) {
      guard let object = try session.open(name, in: handle), !session.isGroup(object) else { continue }
      let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
      if let type = dataset.type, type.kind != .float, isCount(dataset) { return dataset }
    }
    return nil
  }

  /// The datasets in the group `columns`.
  func columns(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> [String: StoredValues] {
    guard let group = try session.open("columns", in: handle), session.isGroup(group) else { return [:] }
    var columns: [String: StoredValues] = [:]
    for link in try session.links(of: group, fileByteCount: file.byteCount) {
      columns[link.name] = try values(session, handle, describe(session, handle, "columns/" + link.name))
    }
    return columns
  }

  /// Finds the names of the classes: an attribute of the file, or a dataset if there are too many for one.
  func findClassNames(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, in annotations: inout AnnotationTable
  ) throws(StoreError) {
    let root = try session.rootGroup(of: handle)
    let limit = MemoryBudget.limit(fileByteCount: file.byteCount)
    if let names = try session.stringsAttribute(DatasetNames.classNames, of: root, limit: limit) {
      annotations.classNames = names
      return
    }
    guard let object = try session.open(DatasetNames.classNames, in: handle), !session.isGroup(object)
    else { return }
    let dataset = try session.describe(
      object, name: DatasetNames.classNames, fileByteCount: file.byteCount)
    annotations.storedClassNames = try values(session, handle, dataset)
  }

  /// Checksums, if the file has any.
  func readChecksums(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, into annotations: inout AnnotationTable
  ) throws(StoreError) {
    let root = try session.rootGroup(of: handle)
    annotations.isOwn = try session.integerAttribute(DatasetNames.formatVersion, of: root) != nil
    guard let object = try session.open(DatasetNames.checksums, in: handle), !session.isGroup(object)
    else { return }
    let dataset = try session.describe(
      object, name: DatasetNames.checksums, fileByteCount: file.byteCount)
    annotations.checksums = try values(session, handle, dataset)
    for name in try session.attributeNames(of: object) {
      if let value = try session.integerAttribute(name, of: object).flatMap(UInt32.init(exactly:)) {
        annotations.partChecksums[name] = value
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
