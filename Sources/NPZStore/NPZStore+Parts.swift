public import ImageStoreCore

/// Arrays of an archive that belong together, such as `x_train` and `y_train`.
struct ArrayNames {
  /// Which part of a data set they are; nil for all of it.
  let part: Split?
  /// The key of the array of images.
  let images: String
  /// The key of the array of labels.
  let labels: String

  /// The names people use: Keras's, MedMNIST's, and plain ones.
  static let known = [
    ArrayNames(part: .training, images: "x_train", labels: "y_train"),
    ArrayNames(part: .training, images: "train_images", labels: "train_labels"),
    ArrayNames(part: .validation, images: "x_val", labels: "y_val"),
    ArrayNames(part: .validation, images: "val_images", labels: "val_labels"),
    ArrayNames(part: .test, images: "x_test", labels: "y_test"),
    ArrayNames(part: .test, images: "test_images", labels: "test_labels"),
    ArrayNames(part: nil, images: "images", labels: "labels"),
    ArrayNames(part: nil, images: "x", labels: "y"),
    ArrayNames(part: nil, images: "X", labels: "y"),
  ]

  /// Those whose images an archive has, training first.
  static func present(in archive: ZipArchive) -> [ArrayNames] {
    known.filter { archive.array(named: $0.images) != nil }
  }
}

extension NPZStore {
  /// Opens the parts of an archive that has each in arrays of names that go together, such as `x_train` with
  /// `y_train` and `x_test` with `y_test`, or `train_images` with `train_labels`.
  ///
  ///     let parts = try NPZStore.parts(at: "mnist.npz")
  ///     if let training = parts[.training] { try LMDBStore.write(training, to: "mnist.lmdb") }
  ///
  /// - Returns: the parts there are; none where the archive is not divided.
  /// - Throws: as ``init(at:images:labels:labelsAt:checksums:threads:)``.
  public static func parts(
    at path: String, checksums: ChecksumPolicy = .check, threads: Int? = nil
  ) throws(StoreError) -> [Split: NPZStore] {
    var parts: [Split: NPZStore] = [:]
    for names in ArrayNames.present(in: try ZipArchive(at: path)) {
      guard let part = names.part, parts[part] == nil else { continue }
      parts[part] = try NPZStore(at: path, images: names.images, checksums: checksums, threads: threads)
    }
    return parts
  }
}
