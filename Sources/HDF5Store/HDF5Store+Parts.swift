public import ImageStoreCore
import StoreIO

extension HDF5Store {
  /// Opens the training and the test images of a file that has both under the names that go with them,
  /// such as `x_train` and `x_test`, `train_images` and `test_images`, or `train/images` and `test/images`.
  ///
  /// - Returns: nil where the file has no such pair.
  /// - Throws: as ``init(at:images:labels:threads:)``.
  public static func parts(
    at path: String, threads: Int? = nil
  ) throws(StoreError) -> (training: HDF5Store, test: HDF5Store)? {
    do throws(StoreError) {
      let file = try LibraryFile(path)
      _ = try Superblock(MappedFile(path))
      let pair = try file.withFile {
        (session, handle) throws(StoreError) -> (training: String, test: String)? in
        for pair in DatasetNames.splits {
          if try session.open(pair.training, in: handle) != nil,
            try session.open(pair.test, in: handle) != nil
          {
            return pair
          }
        }
        return nil
      }
      guard let pair else { return nil }
      return (
        try HDF5Store(at: path, images: pair.training, threads: threads),
        try HDF5Store(at: path, images: pair.test, threads: threads)
      )
    } catch {
      throw error.at(path: path)
    }
  }
}
