import CImageStoreHDF5
import ImageStoreCodecs
import ImageStoreCore
import ImageStoreSupport

/// Where the images of a file are.
enum FoundImages: Sendable {
  /// In a dataset, or in a group that has a dataset for each.
  case object(String)
  /// In one dataset each, in any places.
  case members(Members)

  struct Members: Sendable {
    /// The common name of the images.
    var name: String
    /// The dataset of each image.
    var paths: [String]
    /// The dataset with the label of each image.
    var labelPaths: [String]?
    var labels: [Int]?
    var classNames: [String]?
    var notes: [ReadingNote] = []
    /// The other objects that were examined.
    var names: Set<String> = []
  }
}

extension ContentsReader {
  /// Finds the images with a name: a dataset, a group with a dataset for each, one with a group for
  /// each class or for each sample, or one with a dataset of a usual name. `/` is the root.
  func images(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, named name: String
  ) throws(StoreError) -> FoundImages {
    let isRoot = !name.isEmpty && name.allSatisfy { $0 == "/" }
    if isRoot {
      if let found = try within(session, handle, "", isNamed: true) { return found }
      throw StoreError(
        .notFound, "there are no images in the root of the file",
        remedy: try "the file has \(session.names(in: handle, fileByteCount: file.byteCount))", key: "/")
    }
    guard let object = try session.open(name, in: handle) else {
      throw StoreError(
        .notFound, "there is no dataset or group of this name",
        remedy: try "the file has \(session.names(in: handle, fileByteCount: file.byteCount))", key: name)
    }
    guard session.isGroup(object) else { return .object(name) }
    let path = name.split(separator: "/").joined(separator: "/")
    if let found = try within(session, handle, path, isNamed: true) { return found }
    return .object(name)
  }

  /// Finds the images of a file without a description.
  func images(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> FoundImages {
    let names = try session.arrayNames(in: handle, fileByteCount: file.byteCount)
    for isSure in [true, false] {
      let found = ArrayNames.find(in: names) { name in
        let answer = hasShapeOfImages(session, handle, name)
        return isSure ? answer == true : answer != nil
      }
      guard let undivided = found.first(where: { $0.split == nil }) else { continue }
      guard NumberedNames.areAlike(undivided.images, names) else {
        return .object(undivided.images)
      }
      // If it is one of several names that differ by a number, all of them are meant.
      let group = undivided.images.split(separator: "/").dropLast().joined(separator: "/")
      if let found = try within(session, handle, group, isNamed: false) { return found }
    }
    if let only = try onlyDataset(session, handle) { return .object(only) }
    if let found = try within(session, handle, "", isNamed: false) { return found }
    // Opening the object with this name reports what is wrong with it.
    if let undivided = ArrayNames.find(in: names).first(where: { $0.split == nil }),
      !NumberedNames.areAlike(undivided.images, names)
    {
      return .object(undivided.images)
    }
    throw StoreError(
      .notFound, "there is no dataset called images",
      remedy: try "name the dataset of the images with --images; the file has "
        + session.names(in: handle, fileByteCount: file.byteCount))
  }

  /// The only dataset of the root that has the shape of images.
  private func onlyDataset(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> String? {
    var candidates: [String] = []
    var refusal: StoreError?
    let root = try session.rootGroup(of: handle)
    for link in try session.links(of: root, fileByteCount: file.byteCount).prefix(256) where link.isLocal {
      do throws(StoreError) {
        guard let object = try session.open(link.name, in: handle), !session.isGroup(object) else { continue }
        let dataset = try session.describe(object, name: link.name, fileByteCount: file.byteCount)
        if dataset.type?.elementType != nil, (3...4).contains(dataset.shape.count) {
          candidates.append(link.name)
        } else if dataset.shape.count == 1, try encoded(session, handle, dataset, StoreDescription()) != nil {
          candidates.append(link.name)
        } else if try statedMasks(session, handle, object, dataset, StoreDescription()) != nil {
          candidates.append(link.name)
        }
      } catch {
        // Used only if no other dataset could be meant.
        if error.code == .unsupported { refusal = refusal ?? error }
      }
    }
    if candidates.isEmpty, let refusal { throw refusal }
    return candidates.count == 1 ? candidates[0] : nil
  }

  /// Whether a dataset has many images, or a group has a dataset for each; false if it may have
  /// one, or images of a shape that needs a description; nil for anything without images.
  func hasShapeOfImages(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String
  ) -> Bool? {
    do throws(StoreError) {
      guard let object = try session.open(name, in: handle) else { return nil }
      guard session.isGroup(object) else {
        let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
        if case .blobs = dataset.elements { return dataset.shape.count == 1 }
        if case .text = dataset.elements {
          return dataset.shape.count == 1 && dataset.elementByteCount >= GlobalHeap.referenceByteCount
            ? try encoded(session, handle, dataset, StoreDescription()) != nil ? true : false : nil
        }
        if dataset.type == nil { return dataset.elements.areOther ? false : nil }
        let rank = dataset.shape.count
        return rank < 2 ? nil : (3...4).contains(rank) && dataset.type?.elementType != nil
      }
      return try isImageInGroup(session, object) ? true : nil
    } catch {
      return [.unsupported, .limitExceeded].contains(error.code) ? false : nil
    }
  }

  /// Whether the first object of a group is a dataset that may be one image.
  func isImageInGroup(
    _ session: borrowing HDF5Session, _ group: borrowing HDF5Handle
  ) throws(StoreError) -> Bool {
    guard let first = try session.links(of: group, fileByteCount: file.byteCount).first, first.isLocal else {
      return false
    }
    let access = try session.linkAccess()
    let object = try session.handle(unsafe H5Oopen(group.id, first.name, access.id), "opening it")
    return try isOneImage(session, object, name: first.name)
  }

  /// Whether an object is a dataset that may be one image.
  func isOneImage(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, name: String
  ) throws(StoreError) -> Bool {
    guard H5Iget_type(object.id) == H5I_DATASET else { return false }
    let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
    switch dataset.elements {
    case .blobs: return dataset.count == 1
    case .number(let type), .enumeration(let type, _):
      if (2...3).contains(dataset.shape.count) { return type.elementType != nil && dataset.count > 1 }
      guard dataset.shape.count == 1, type.byteCount == 1, case .contiguous(let offset) = dataset.layout
      else {
        return dataset.shape.count == 1 && type.byteCount == 1 && dataset.count > 32
      }
      guard let head = unsafe file.bytes(at: offset, count: min(16, dataset.count)) else { return false }
      return unsafe ImageCodecs.areImage(head)
    case .text, .other: return false
    }
  }
}

extension DatasetDescription.Elements {
  var areOther: Bool { if case .other = self { true } else { false } }
}
