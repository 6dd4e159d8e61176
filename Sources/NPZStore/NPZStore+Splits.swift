public import ImageStoreCore
import ImageStoreSupport

extension NPZStore {
  /// Opens the splits of an archive that has each split in arrays with matching names, such as
  /// `x_train` with `y_train` and `x_test` with `y_test`, or `train_images` with `train_labels`.
  ///
  ///     let splits = try NPZStore.splits(at: "mnist.npz")
  ///     if let training = splits[.training] { try LMDBStore.write(training, to: "mnist.lmdb") }
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - description: the caller's description of the images of every split.
  ///   - checksums: whether reading an image checks its CRC-32.
  ///   - threads: how many threads decode; nil for one per processor.
  /// - Returns: the splits of the archive; none if it is not divided.
  /// - Throws: as ``init(at:_:checksums:threads:)``.
  public static func splits(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(),
    checksums: ChecksumPolicy = .check, threads: Int? = nil
  ) throws(StoreError) -> [Split: NPZStore] {
    try splits(of: ZipArchive(at: path.storePath()), description, checksums: checksums, threads: threads)
  }

  /// Opens the splits of an archive that is open.
  static func splits(
    of archive: ZipArchive, _ description: StoreDescription, checksums: ChecksumPolicy = .check,
    threads: Int?
  ) throws(StoreError) -> [Split: NPZStore] {
    let found = archive.imageArrays().filter { $0.split != nil }
    var parts: [(split: Split, contents: NPZContents, said: StoreDescription)] = []
    if !found.isEmpty { try archive.checkNames() }
    for names in found {
      guard let split = names.split else { continue }
      var said = description
      said.images = names.images
      let elsewhere = found.filter { $0.split != split }.flatMap { [$0.images] + $0.labels }
      parts.append((split, try NPZContents(of: archive, said, elsewhere: Set(elsewhere)), said))
    }
    let shared = SharedClasses(of: parts.map(\.contents.foundClassNames))
    var splits: [Split: NPZStore] = [:]
    for (split, found, said) in parts {
      var contents = found
      if let shared { contents.take(shared) }
      splits[split] = try NPZStore(archive, contents, said, checksums: checksums, threads: threads)
    }
    return splits
  }
}
