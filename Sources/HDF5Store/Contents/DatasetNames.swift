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

  /// The names that labels may have beside images of some name, the likeliest first.
  static func labels(forImages images: String) -> [String] {
    let components = images.split(separator: "/").map(String.init)
    guard let last = components.last else { return [] }
    let folder = components.dropLast().map { $0 + "/" }.joined()
    if last == "images" || last == "image" {
      return [folder + labels, folder + meta, folder + "label"]
    }
    var names: [String] = []
    for (from, to) in [
      ("images", "labels"), ("image", "label"), ("x", "y"), ("X", "y"), ("X", "Y"), ("data", "labels"),
      ("data", "label"),
    ] {
      let words = last.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      let renamed = words.map { $0 == from ? to : $0 }.joined(separator: "_")
      if renamed != last { names.append(folder + renamed) }
    }
    return names
  }

  /// The names that the images of splits go by.
  static let splits: [(training: String, validation: String, test: String)] = [
    ("x_train", "x_val", "x_test"), ("X_train", "X_val", "X_test"),
    ("train_images", "val_images", "test_images"), ("train_x", "val_x", "test_x"),
    ("train_X", "val_X", "test_X"), ("train_set_x", "val_set_x", "test_set_x"),
    ("train/images", "val/images", "test/images"), ("train/x", "val/x", "test/x"),
  ]
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
