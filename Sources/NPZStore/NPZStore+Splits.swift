public import ImageStoreCore

/// Arrays of an archive that belong together, such as `x_train` and `y_train`.
struct ArrayNames {
  /// Which split of a data set they are; nil for all of it.
  let split: Split?
  /// The key of the array of images.
  let images: String
  /// The key of the array of labels.
  let labels: String

  /// The names people use: Keras's, MedMNIST's, and plain ones.
  static let known = [
    ArrayNames(split: .training, images: "x_train", labels: "y_train"),
    ArrayNames(split: .training, images: "train_images", labels: "train_labels"),
    ArrayNames(split: .validation, images: "x_val", labels: "y_val"),
    ArrayNames(split: .validation, images: "val_images", labels: "val_labels"),
    ArrayNames(split: .test, images: "x_test", labels: "y_test"),
    ArrayNames(split: .test, images: "test_images", labels: "test_labels"),
    ArrayNames(split: nil, images: "images", labels: "labels"),
    ArrayNames(split: nil, images: "x", labels: "y"),
    ArrayNames(split: nil, images: "X", labels: "y"),
  ]

  /// Those whose images an archive has, training first.
  static func present(in archive: ZipArchive) -> [ArrayNames] {
    known.filter { archive.array(named: $0.images) != nil }
  }
}

extension NPZStore {
  /// Opens the splits of an archive that has each in arrays of names that go together, such as `x_train` with
  /// `y_train` and `x_test` with `y_test`, or `train_images` with `train_labels`.
  ///
  ///     let splits = try NPZStore.splits(at: "mnist.npz")
  ///     if let training = splits[.training] { try LMDBStore.write(training, to: "mnist.lmdb") }
  ///
  /// - Returns: the splits there are; none if the archive is not divided.
  /// - Throws: as ``init(at:images:labels:labelsAt:checksums:threads:)``.
  public static func splits(
    at path: some StorePath, checksums: ChecksumPolicy = .check, threads: Int? = nil
  ) throws(StoreError) -> [Split: NPZStore] {
    let path = try path.storePath()
    var splits: [Split: NPZStore] = [:]
    for names in ArrayNames.present(in: try ZipArchive(at: path)) {
      guard let split = names.split, splits[split] == nil else { continue }
      splits[split] = try NPZStore(at: path, images: names.images, checksums: checksums, threads: threads)
    }
    return splits
  }
}
