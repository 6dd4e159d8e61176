public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// PNG has a checksum of every chunk. JPEG has none: if one has been seen in the store, only some
  /// images are covered.
  public var checksumCoverage: ChecksumCoverage {
    // Only JPEGs can be turned upright.
    readers.hasIdle { $0.hasUse(for: .orientation) } ? .someImages : .allImages
  }

  /// Reads and decodes every image, which checks all checksums of PNGs, including those of text and
  /// profiles, and that the decoder finds nothing unusual in JPEGs. Also compares `labels.csv` with
  /// the checksum in `store.json`, if there is one.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyNames()
    try verifyAnnotations()
    let step = 1024
    let announces = residentShare() < 0.98
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      if announces { willRead(Array(end..<min(end + step, count)).span) }
      try forEach(end - start) { (reader, position) throws(StoreError) in
        try reader.decode(start + position, of: contents.paths, in: folder, as: contents.format.uniform)
      }
      progress(end)
    }
  }

  /// Compares the files of images with the checksums of PNG, without decoding them, and
  /// `labels.csv`, which names the images, with the checksum in `store.json`, if there is one.
  public func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count).at(path: path)
    }
    try verifyNames()
    try forEach(indices.count) { (reader, position) throws(StoreError) in
      try reader.verify(indices[position], of: contents.paths, in: folder)
    }
  }

  /// Calls `body` for each of `count` positions on all threads, with a reader of the thread's own.
  private func forEach(
    _ count: Int, _ body: (_ reader: ImageFileReader, _ position: Int) throws(StoreError) -> Void
  ) throws(StoreError) {
    try Workers.performRuns(of: count, minimum: 4, threads: threads) { (run) throws(StoreError) in
      try readers.withObject { (reader) throws(StoreError) in
        for position in run { try body(reader, position) }
      }
    }
  }

  /// Checks that `labels.csv` and `store.json` are those that were written, if there is a `store.json`.
  func verifyNames() throws(StoreError) {
    if contents.description?.isIntact == false {
      throw StoreError(
        .corrupt, "the file does not agree with its checksum",
        remedy: "restore it; if the change is intended, remove the key crc32",
        path: "\(path)/\(StoreManifest.fileName)")
    }
    if contents.description != nil, contents.state == nil {
      throw StoreError(
        .corrupt, "the file is not the one that store.json describes",
        remedy: "restore it; if the change is intended, remove store.json, or convert to a new store",
        path: "\(path)/\(FolderContents.labelsFileName)")
    }
    if let state = contents.state, state.count != count {
      throw StoreError(
        .corrupt, "labels.csv has \(count) images, but store.json says \(state.count)", path: path)
    }
  }
}
