import CImageStoreHDF5
import ImageStoreCore

/// The names of datasets.
enum DatasetNames {
  static let images = "images"
  static let labels = "labels"
  /// The second name of the labels, which the tutorials' code looks for.
  static let meta = "meta"
  static let columns = "columns"
  /// Where the offsets are of columns of bytes.
  static let offsets = "offsets"
  /// The bytes of all encoded images, one after another; ``offsets`` then says where each begins.
  static let encoded = "encoded"
  /// Height, width and channels of each encoded image.
  static let shapes = "shapes"
  /// The rest of the index for each image; see ``StoredKind``.
  static let kinds = "kinds"
  /// Where the offsets of columns of bytes are in a file whose ``offsets`` are those of encoded images.
  static let columnOffsets = "column_offsets"
  static let checksums = "checksums"
  static let classNames = "class_names"
  /// The attributes of the root that this package writes.
  static let ownAttributes: Set = [classNames, formatVersion, writer]
  /// Attributes of other programs that repeat the type and shape of a dataset: HDF5's Image and
  /// Dimension Scale specifications, MATLAB.
  static let describingAttributes: Set = [
    "CLASS", "IMAGE_VERSION", "IMAGE_SUBCLASS", "INTERLACE_MODE", "DISPLAY_ORIGIN", "IMAGE_WHITE_IS_ZERO",
    "IMAGE_MINMAXRANGE", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS", "MATLAB_class",
    "MATLAB_int_decode", "_Netcdf4Dimid", "_FillValue", "TITLE", "VERSION",
  ]
  /// The names that other programs use for the list of class names, which is text.
  static let allClassNames = [
    classNames, "label_names", "list_classes", "classes", "target_names", "categories", "labels_names",
  ]
  static let formatVersion = "format_version"
  /// The version of the layout, which ``formatVersion`` has.
  static let version = 1
  /// An attribute of the root; see ``OwnMark``.
  static let writer = "writer"

  /// The name of an image that has a dataset of its own, within ``images``: its index in eight
  /// digits or more.
  static func image(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}

extension HDF5Session {
  /// The names of possible arrays: those in the root of a file and in its groups, and those next to
  /// some images.
  ///
  /// - Parameter images: the name of images.
  func arrayNames(
    in file: borrowing HDF5Handle, fileByteCount: Int, beside images: String? = nil
  ) throws(StoreError) -> [String] {
    let images = (images ?? "").split(separator: "/").joined(separator: "/")
    let folder = images.split(separator: "/").dropLast().joined(separator: "/")
    var names: [String] = []
    let root = try rootGroup(of: file)
    if hasFewLinks(root, 1 << 12) {
      for link in try links(of: root, fileByteCount: fileByteCount) where link.isLocal {
        names.append(link.name)
        guard
          ![images, folder, DatasetNames.columns, DatasetNames.offsets, DatasetNames.columnOffsets].contains(
            link.name)
        else {
          continue
        }
        names += try arrayNames(within: link.name, file, fileByteCount)
      }
    }
    return folder.isEmpty ? names : try names + arrayNames(within: folder, file, fileByteCount)
  }

  /// The names directly in a group; none if there is no such group.
  private func arrayNames(
    within name: String, _ file: borrowing HDF5Handle, _ fileByteCount: Int
  ) throws(StoreError) -> [String] {
    do throws(StoreError) {
      guard let group = try open(name, in: file), isGroup(group), hasFewLinks(group) else { return [] }
      return try links(of: group, fileByteCount: fileByteCount).filter(\.isLocal).map { "\(name)/\($0.name)" }
    } catch {
      // Objects that cannot be opened, such as a link out of the file, are left out.
      guard [.unsupported, .corrupt].contains(error.code) else { throw error }
      return []
    }
  }

  /// Whether a group can be searched for arrays of many images each: if it has more datasets than
  /// this, each is an image.
  private func hasFewLinks(_ group: borrowing HDF5Handle, _ limit: Int = 256) -> Bool {
    var info = H5G_info_t()
    return unsafe H5Gget_info(group.id, &info) >= 0 && info.nlinks <= limit
  }

  /// The contents of a file for messages: the objects in its root and in its groups, with shapes.
  func names(in file: borrowing HDF5Handle, fileByteCount: Int) throws(StoreError) -> String {
    var texts: [String] = []
    let names = try arrayNames(in: file, fileByteCount: fileByteCount)
    for name in names where texts.count < 13 {
      let isBelow = names.contains { $0.hasPrefix(name + "/") }
      if !isBelow { texts.append(text(of: name, in: file, fileByteCount: fileByteCount)) }
    }
    if texts.isEmpty {
      texts = try links(of: rootGroup(of: file), fileByteCount: fileByteCount).prefix(13).map(\.name)
    }
    guard !texts.isEmpty else { return "nothing" }
    return texts.prefix(12).joined(separator: ", ") + (texts.count > 12 ? ", ..." : "")
  }

  /// A name with the shape of its dataset, or the number of objects in its group.
  func text(of name: String, in file: borrowing HDF5Handle, fileByteCount: Int) -> String {
    do throws(StoreError) {
      guard let object = try open(name, in: file) else { return name }
      guard isGroup(object) else {
        let dataset = try describe(object, name: name, fileByteCount: fileByteCount)
        return "\(name) \(dataset.shapeText)"
      }
      var info = H5G_info_t()
      guard unsafe H5Gget_info(object.id, &info) >= 0 else { return name }
      return "\(name)/ of \(info.nlinks)"
    } catch {
      return name
    }
  }

  func rootGroup(of file: borrowing HDF5Handle) throws(StoreError) -> HDF5Handle {
    try handle(unsafe H5Gopen2(file.id, "/", CHDF5_default()), "opening the root group")
  }
}
