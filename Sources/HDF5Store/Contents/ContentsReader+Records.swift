import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// Describes the dataset with a name, if there is one.
  func known(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String
  ) throws(StoreError) -> DatasetDescription? {
    guard let object = try session.open(name, in: handle), !session.isGroup(object) else { return nil }
    return try session.describe(object, name: name, fileByteCount: file.byteCount)
  }

  /// Finds the names of the classes: an attribute of the file, or a dataset if there are too many for one.
  func findClassNames(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, in contents: inout HDF5Contents
  ) throws(StoreError) {
    guard contents.records.classNames == nil else { return }
    let root = try session.rootGroup(of: handle)
    let isOwn = contents.records.isOwn
    let limit = MemoryBudget.limit(fileByteCount: file.byteCount)
    for name in isOwn ? [DatasetNames.classNames] : DatasetNames.allClassNames {
      do throws(StoreError) {
        if let names = try session.stringsAttribute(name, of: root, limit: limit) {
          contents.records.classNames = names
          return
        }
        guard !contents.names.contains(name), let object = try session.open(name, in: handle),
          !session.isGroup(object)
        else { continue }
        let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
        if !isOwn {
          guard case .text = dataset.elements, dataset.shape.filter({ $0 != 1 }).count <= 1 else { continue }
        }
        contents.records.storedClassNames = try values(session, handle, dataset)
        contents.names.insert(name)
        return
      } catch {
        guard !isOwn, [.unsupported, .limitExceeded].contains(error.code) else { throw error }
      }
    }
  }

  /// Whether this package wrote the file. Earlier releases had no mark, but a version and checksums.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if a later version wrote it in a layout that this
  ///   version does not know.
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
        .unsupported, "the file's layout has version \(version)",
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

  func describe(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String
  ) throws(StoreError) -> DatasetDescription {
    let object = try session.openDataset(name, in: handle)
    return try session.describe(object, name: name, fileByteCount: file.byteCount)
  }
}
