public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  public var checksumCoverage: ChecksumCoverage { annotations.checksums == nil ? .noImages : .allImages }

  /// Reads everything, and checks it against the checksums where the file has them.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyParts()
    let sums = try checksums()
    // Nothing to compare, nowhere to read from.
    if sums == nil, case .constant = source { return progress(count) }
    let step = 1024
    var start = 0
    while start < count {
      let end = min(start + step, count)
      try check(Array(start..<end).span, sums)
      start = end
      progress(end)
    }
  }

  /// Checks labels, columns and class names against their checksums.
  func verifyParts() throws(StoreError) {
    guard try checksums() != nil || !annotations.isOwn else {
      throw StoreError(
        .corrupt, "it is not there, though this package wrote the file", path: path,
        key: DatasetNames.checksums)
    }
    var parts = Set(columnNames.map { "\(DatasetNames.columns)/\($0)" })
    if try labels() != nil { parts.insert(DatasetNames.labels) }
    if classNames != nil { parts.insert(DatasetNames.classNames) }
    if let missing = annotations.partChecksums.keys.filter({ !parts.contains($0) }).min() {
      throw StoreError(
        .corrupt, "it is not there, though the file has a checksum of it", path: path, key: missing)
    }
    if let labels = try labels() {
      try check(CRC32.checksum(of: labels), DatasetNames.labels)
    }
    for name in columnNames {
      try check(CRC32.checksum(of: column(name)), "\(DatasetNames.columns)/\(name)")
    }
    if let classNames { try check(CRC32.checksum(of: classNames), DatasetNames.classNames) }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    guard let sums = try checksums() else { return }
    try check(indices, sums)
  }

  /// Reads images and compares them with their checksums, where there are any.
  private func check(_ indices: Span<Int>, _ sums: [UInt32]?) throws(StoreError) {
    try forEachImage(indices) { (position, _, pixels) throws(StoreError) in
      guard let sums else { return }
      let (index, found) = (indices[position], CRC32.checksum(of: pixels))
      guard found == sums[index] else {
        throw StoreError(
          .corrupt, "its CRC-32 is \(found) where \(sums[index]) is stated",
          remedy: "write it anew from its source", path: path, image: index)
      }
    }
  }

  /// The CRC-32 of every image as it was written, or nil where the file has none.
  func checksums() throws(StoreError) -> [UInt32]? {
    guard let values = annotations.checksums else { return nil }
    return try checksumCache.value { () throws(StoreError) in
      let sums = try readIntegers(values)
      return try sums.map { (sum) throws(StoreError) in
        guard let sum = UInt32(exactly: sum) else {
          throw StoreError(.corrupt, "\(sum) is no CRC-32", path: path, key: values.dataset.name)
        }
        return sum
      }
    }
  }

  private func check(_ found: UInt32, _ part: String) throws(StoreError) {
    guard let stated = annotations.partChecksums[part], stated != found else { return }
    throw StoreError(
      .corrupt, "the CRC-32 of its values is \(found) where \(stated) is stated", path: path, key: part)
  }
}
