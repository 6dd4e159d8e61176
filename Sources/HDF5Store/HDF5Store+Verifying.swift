public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Reads everything, and checks it against the checksums that the file has.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyRecords()
    let sums = try storedChecksums()
    // Nothing to compare, nowhere to read from.
    if sums == nil, case .constant = images { return progress(count) }
    let step = 1024
    var start = 0
    while start < count {
      let end = min(start + step, count)
      try compare(Array(start..<end).span, with: sums)
      start = end
      progress(end)
    }
  }

  /// Checks images against their checksums; the Fletcher-32 of chunks, if they have one, is checked
  /// by reading them.
  public func verify(_ indices: Span<Int>) throws(StoreError) {
    try check(indices)
    guard checksumCoverage != .noImages else { return }
    try compare(indices, with: storedChecksums())
  }

  /// Checks labels, columns and class names against their checksums.
  func verifyRecords() throws(StoreError) {
    guard try storedChecksums() != nil || !records.isOwn else {
      throw StoreError(
        .corrupt, "this package wrote the file, but the dataset is missing", path: path,
        key: DatasetNames.checksums)
    }
    let labels = try labels()
    var names = Set(
      records.columns.values.flatMap { [$0.values, $0.offsets].compactMap { $0?.dataset.name } })
    if labels != nil { names.insert(DatasetNames.labels) }
    if classNames != nil { names.insert(DatasetNames.classNames) }
    names.formUnion(records.encoded.keys)
    if let missing = records.valueChecksums.keys.filter({ !names.contains($0) }).min() {
      throw StoreError(
        .corrupt, "the file has a checksum of it, but the dataset is missing", path: path, key: missing)
    }
    for (name, values) in records.encoded {
      do throws(StoreError) {
        try check(CRC32.checksum(of: values.integers().map(Int.init)), of: name)
      } catch {
        throw error.at(path: path)
      }
    }
    if let labels { try check(CRC32.checksum(of: labels), of: DatasetNames.labels) }
    for name in columnNames {
      let values = try column(name)
      guard let stored = records.columns[name] else { continue }
      try check(CRC32.checksum(of: values), of: stored.values.dataset.name)
      if let offsets = values.offsets, let name = stored.offsets?.dataset.name {
        try check(CRC32.checksum(of: offsets), of: name)
      }
    }
    if let classNames { try check(CRC32.checksum(of: classNames), of: DatasetNames.classNames) }
  }

  /// Reads images and compares them with their checksums, if there are any.
  private func compare(_ indices: Span<Int>, with sums: [UInt32]?) throws(StoreError) {
    if let sums, case .encoded(let images) = images, let index = images.index {
      return try Workers.performRuns(of: indices.count, minimum: 4, threads: threads) {
        (run) throws(StoreError) in
        let verifier = images.verifier()
        for position in run {
          let image = indices[position]
          do throws(StoreError) {
            try images.withBytes(image, in: file) { (bytes) throws(StoreError) in
              try verifier.verify(bytes, index.kind(at: image), checksum: sums[image])
            }
          } catch {
            throw error.at(path: path, image: image)
          }
        }
      }
    }
    try forEachImage(indices) { (position, _, pixels) throws(StoreError) in
      guard let sums else { return }
      let (index, found) = (indices[position], CRC32.checksum(of: pixels))
      guard found == sums[index] else {
        throw StoreError(
          .corrupt, "its CRC-32 is \(found), but the file says \(sums[index])",
          remedy: "write it again from its source", path: path, image: index)
      }
    }
  }

  /// The CRC-32 of every image as it was written, or nil if the file has none.
  func storedChecksums() throws(StoreError) -> [UInt32]? {
    guard let values = records.checksums else { return nil }
    return try checksumCache.value { () throws(StoreError) in
      let sums = try integers(values)
      return try sums.map { (sum) throws(StoreError) in
        guard let sum = UInt32(exactly: sum) else {
          throw StoreError(
            .corrupt, "the stored checksum \(sum) is not a CRC-32", path: path, key: values.dataset.name)
        }
        return sum
      }
    }
  }

  private func check(_ found: UInt32, of name: String) throws(StoreError) {
    guard let stated = records.valueChecksums[name], stated != found else { return }
    throw StoreError(
      .corrupt, "the CRC-32 of its values is \(found), but the file says \(stated)", path: path, key: name)
  }
}

extension HDF5Store: ChecksummedStore {
  package func pixelChecksums() throws(StoreError) -> [UInt32?]? {
    // For encoded images, the checksum is that of their bytes.
    if case .encoded = images { nil } else { try storedChecksums() }
  }
}
