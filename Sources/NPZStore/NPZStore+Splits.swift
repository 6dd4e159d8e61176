public import ImageStoreCore
import ImageStoreSupport

extension NPZStore {
  /// Opens the splits of an archive that has each in arrays of names that go together, such as `x_train` with
  /// `y_train` and `x_test` with `y_test`, or `train_images` with `train_labels`: whatever the names say of splits is understood.
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
    for names in try ZipArchive(at: path).imageArrays() {
      guard let split = names.split else { continue }
      splits[split] = try NPZStore(at: path, images: names.images, checksums: checksums, threads: threads)
    }
    return splits
  }
}
