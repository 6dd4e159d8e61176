import CImageStoreHDF5
import ImageStoreCore

/// What datasets are called.
enum DatasetNames {
  static let images = "images"
  static let labels = "labels"
  /// The second name of the labels, which the tutorials' code looks for.
  static let meta = "meta"
  static let columns = "columns"
  static let checksums = "checksums"
  static let classNames = "class_names"
  static let formatVersion = "format_version"
  /// The version of the layout, which ``formatVersion`` has.
  static let version = 1
  /// An attribute of the root; see ``OwnMark``.
  static let writer = "writer"

  /// The name of an image that has a dataset of its own, within ``images``: its index in eight digits or more.
  static func image(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}

extension HDF5Session {
  /// The name of the images if the caller gave none.
  func imagesName(
    in file: borrowing HDF5Handle, fileByteCount: Int
  ) throws(StoreError) -> String {
    for name in ["images", "image"] where try open(name, in: file) != nil { return name }
    var candidates: [String] = []
    var refusal: StoreError?
    let root = try rootGroup(of: file)
    for link in try links(of: root, fileByteCount: fileByteCount).prefix(256) where link.isLocal {
      do throws(StoreError) {
        guard let object = try open(link.name, in: file), !isGroup(object) else { continue }
        let dataset = try describe(object, name: link.name, fileByteCount: fileByteCount)
        if dataset.type?.elementType != nil, (3...4).contains(dataset.shape.count) {
          candidates.append(link.name)
        }
      } catch {
        // Of use only if nothing else could be meant.
        if error.code == .unsupported { refusal = refusal ?? error }
      }
    }
    if candidates.isEmpty, let refusal { throw refusal }
    if candidates.count == 1 { return candidates[0] }
    throw StoreError(
      .notFound, "there is no dataset called images",
      remedy: try
        "name the one that has the images; the file has \(names(in: file, fileByteCount: fileByteCount))")
  }

  /// The names of what may be arrays: what is in the root of a file and in its groups, and what is beside some images.
  ///
  /// - Parameter images: the name of images.
  func arrayNames(
    in file: borrowing HDF5Handle, fileByteCount: Int, beside images: String? = nil
  ) throws(StoreError) -> [String] {
    let images = (images ?? "").split(separator: "/").joined(separator: "/")
    let folder = images.split(separator: "/").dropLast().joined(separator: "/")
    var names: [String] = []
    let root = try rootGroup(of: file)
    if hasFewLinks(root) {
      for link in try links(of: root, fileByteCount: fileByteCount) where link.isLocal {
        names.append(link.name)
        guard ![images, folder, DatasetNames.columns].contains(link.name) else { continue }
        names += try arrayNames(within: link.name, file, fileByteCount)
      }
    }
    return folder.isEmpty ? names : try names + arrayNames(within: folder, file, fileByteCount)
  }

  /// What is directly in a group; nothing if there is no such group.
  private func arrayNames(
    within name: String, _ file: borrowing HDF5Handle, _ fileByteCount: Int
  ) throws(StoreError) -> [String] {
    do throws(StoreError) {
      guard let group = try open(name, in: file), isGroup(group), hasFewLinks(group) else { return [] }
      return try links(of: group, fileByteCount: fileByteCount).filter(\.isLocal).map { "\(name)/\($0.name)" }
    } catch {
      // What cannot be opened, such as a link out of the file, is not asked for.
      guard [.unsupported, .corrupt].contains(error.code) else { throw error }
      return []
    }
  }

  /// Whether a group can be looked through for arrays of many images each: of more datasets than these each is an image.
  private func hasFewLinks(_ group: borrowing HDF5Handle) -> Bool {
    var info = H5G_info_t()
    return unsafe H5Gget_info(group.id, &info) >= 0 && info.nlinks <= 256
  }

  /// What the root of a file has, for messages.
  func names(in file: borrowing HDF5Handle, fileByteCount: Int) throws(StoreError) -> String {
    let links = try links(of: rootGroup(of: file), fileByteCount: fileByteCount)
    guard !links.isEmpty else { return "nothing" }
    return links.prefix(12).map(\.name).joined(separator: ", ") + (links.count > 12 ? ", ..." : "")
  }

  func rootGroup(of file: borrowing HDF5Handle) throws(StoreError) -> HDF5Handle {
    try handle(unsafe H5Gopen2(file.id, "/", CHDF5_default()), "opening the root group")
  }
}
