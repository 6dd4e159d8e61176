public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Opens the splits of a file that has training and test images under names that go together, such as
  /// `x_train` and `x_test`, `train_images` and `test_images`, or `train/images` and `test/images`.
  ///
  ///     let splits = try HDF5Store.splits(at: "digits.h5")
  ///     if let training = splits[.training] { try LMDBStore.write(training, to: "digits.lmdb") }
  ///
  /// - Returns: the splits there are; none if the file is not divided.
  /// - Throws: as ``init(at:images:labels:threads:)``.
  public static func splits(
    at path: some StorePath, threads: Int? = nil
  ) throws(StoreError) -> [Split: HDF5Store] {
    let library = try LibraryFile(path.storePath())
    let names = try library.withFile { (session, file) throws(StoreError) in
      try session.splitNames(in: file)
    }
    var splits: [Split: HDF5Store] = [:]
    for (split, name) in names {
      splits[split] = try HDF5Store(library, images: name, labels: nil, threads: threads)
    }
    return splits
  }
}

extension HDF5Session {
  /// The images of the splits, under the first names of which a file has those for training and for tests.
  fileprivate func splitNames(in file: borrowing HDF5Handle) throws(StoreError) -> [Split: String] {
    for names in DatasetNames.splits {
      guard try open(names.training, in: file) != nil, try open(names.test, in: file) != nil else { continue }
      var found: [Split: String] = [.training: names.training, .test: names.test]
      if try open(names.validation, in: file) != nil { found[.validation] = names.validation }
      return found
    }
    return [:]
  }
}
