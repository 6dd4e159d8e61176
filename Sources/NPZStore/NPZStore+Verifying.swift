public import ImageStoreCore

extension NPZStore {
  public var checksumCoverage: ChecksumCoverage { .allImages }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyAnnotations()
    try verifyNames()
    switch images {
    case .entries(let entries):
      let step = 4096
      for start in stride(from: 0, to: count, by: step) {
        let end = min(start + step, count)
        try entries.verify(Array(start..<end).span)
        progress(end)
      }
    case .array(let array):
      try array.verify()
      progress(count)
    case .bits(let array):
      try array.verify()
      progress(count)
    case .encoded(let entries):
      let step = 256
      for start in stride(from: 0, to: count, by: step) {
        let end = min(start + step, count)
        try entries.verify(Array(start..<end).span)
        progress(end)
      }
    }
  }

  /// Compares the names of all entries other than images with those in their local headers: a
  /// damaged name may hide a part of the store.
  private func verifyNames() throws(StoreError) {
    for named in archive.directory.named {
      do throws(StoreError) {
        _ = try unsafe archive.compressedBytes(of: archive.directory.entries[named.position])
      } catch {
        throw error.at(path: path, key: named.name)
      }
    }
  }

  /// Checks images against the checksums of their entries. If one array has all images, it is
  /// checked once, as a whole. Entries that are checked whenever they are read are not checked
  /// here.
  public func verify(_ indices: Span<Int>) throws(StoreError) {
    try check(indices)
    _ = try namesCheck.value { () throws(StoreError) in
      try verifyNames()
      return true
    }
    switch images {
    case .entries(let entries): if !entries.areCheckedByReading { try entries.verify(indices) }
    case .array(let array): try array.verifyOnce()
    // The checksum is compared when the array is brought to memory.
    case .bits: break
    case .encoded(let entries):
      try entries.verify(indices)
    }
  }
}
