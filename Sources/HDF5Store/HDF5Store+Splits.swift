public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Opens the splits of a file whose images are under names that say so, such as `x_train` and `x_test`, `train_images`
  /// and `test_images`, or `train/images` and `test/images`, with the labels whose names go with them.
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
      try session.splitNames(in: file, fileByteCount: library.map.byteCount)
    }
    var splits: [Split: HDF5Store] = [:]
    for (split, name) in names {
      splits[split] = try HDF5Store(library, images: name, labels: nil, threads: threads)
    }
    return splits
  }
}

extension HDF5Session {
  /// The names of the images of the splits.
  fileprivate func splitNames(
    in file: borrowing HDF5Handle, fileByteCount: Int
  ) throws(StoreError) -> [Split: String] {
    let names = try arrayNames(in: file, fileByteCount: fileByteCount)
    var found = ArrayNames.find(in: names) { hasShapeOfImages($0, in: file, fileByteCount) == true }
    // Whoever opens datasets of other shapes is told what is wrong with them.
    if found.isEmpty {
      found = ArrayNames.find(in: names) { hasShapeOfImages($0, in: file, fileByteCount) != nil }
    }
    var splits: [Split: String] = [:]
    for names in found {
      if let split = names.split { splits[split] = names.images }
    }
    return splits
  }

  /// Whether a dataset has many images, or a group has a dataset for each; nil for what has neither.
  private func hasShapeOfImages(
    _ name: String, in file: borrowing HDF5Handle, _ fileByteCount: Int
  ) -> Bool? {
    do throws(StoreError) {
      guard let object = try open(name, in: file) else { return nil }
      guard isGroup(object) else {
        let dataset = try describe(object, name: name, fileByteCount: fileByteCount)
        return (3...4).contains(dataset.shape.count) && dataset.type?.elementType != nil
      }
      guard let first = try links(of: object, fileByteCount: fileByteCount).first else { return nil }
      let image = try openDataset("\(name)/\(first.name)", in: file)
      let rank = try describe(image, name: first.name, fileByteCount: fileByteCount).shape.count
      return (2...3).contains(rank) ? true : nil
    } catch {
      return error.code == .unsupported ? false : nil
    }
  }
}
