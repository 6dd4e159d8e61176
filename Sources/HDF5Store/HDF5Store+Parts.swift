public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Opens the parts of a file that has training and test images under names that go together, such as
  /// `x_train` and `x_test`, `train_images` and `test_images`, or `train/images` and `test/images`.
  ///
  ///     let parts = try HDF5Store.parts(at: "digits.h5")
  ///     if let training = parts[.training] { try LMDBStore.write(training, to: "digits.lmdb") }
  ///
  /// - Returns: the parts there are; none where the file is not divided.
  /// - Throws: as ``init(at:images:labels:threads:)``.
  public static func parts(
    at path: String, threads: Int? = nil
  ) throws(StoreError) -> [Split: HDF5Store] {
    let file = try LibraryFile(path)
    let names = try file.withFile { (session, handle) throws(StoreError) in
      try session.partNames(in: handle)
    }
    var parts: [Split: HDF5Store] = [:]
    for (part, name) in names {
      parts[part] = try HDF5Store(file, images: name, labels: nil, threads: threads)
    }
    return parts
  }
}

extension HDF5Session {
  /// The images of the parts, under the first names of which a file has those for training and for tests.
  fileprivate func partNames(in file: borrowing HDF5Handle) throws(StoreError) -> [Split: String] {
    for names in DatasetNames.parts {
      guard try open(names.training, in: file) != nil, try open(names.test, in: file) != nil else { continue }
      var found: [Split: String] = [.training: names.training, .test: names.test]
      if try open(names.validation, in: file) != nil { found[.validation] = names.validation }
      return found
    }
    return [:]
  }
}
