public import ImageStoreCore
import ImageStoreSupport

extension PackedBitStore {
  /// Masks that another program wrote have no checksum, even if this package appended others to
  /// them.
  public var checksumCoverage: ChecksumCoverage {
    guard folder?.checksums != nil else { return .noImages }
    // Checksums that cannot be read are an error only when masks are compared with them.
    guard let known = try? maskChecksums() else { return .allImages }
    let unknown = known.count { $0 == Self.unknownChecksum }
    return unknown == 0 ? .allImages : unknown == count ? .noImages : .someImages
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyLabels()
    let step = 4096
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      try verify(Array(start..<end).span)
      progress(end)
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    // Height and width, which masks have no other checksum of, are in the description.
    try checkDescription()
    guard let layout, indices.count > 0, let checksums = try maskChecksums() else { return }
    try Workers.performRuns(of: indices.count, minimum: 1, threads: threads) { (run) throws(StoreError) in
      for position in run {
        let index = indices[position]
        guard checksums[index] != Self.unknownChecksum else { continue }
        let mask = unsafe UnsafeRawBufferPointer(
          start: images.base + index * layout.byteCount, count: layout.byteCount)
        let found = unsafe CRC32.checksum(of: mask)
        guard checksums[index] != Int(found) else { continue }
        throw StoreError(
          .corrupt,
          "the mask is damaged: its CRC-32 is \(String(found, radix: 16)), not \(String(checksums[index], radix: 16))",
          remedy: "write the store again", path: images.map.path, image: index)
      }
    }
  }

  /// Checks labels, columns, class names and the checksums of masks against what `format.json` has of them.
  func verifyLabels() throws(StoreError) {
    guard let folder else { return }
    try checkDescription()
    let labels = try imageLabels()
    guard let state = folder.state else {
      guard folder.description.states != nil else { return }
      throw StoreError(
        .corrupt, "the store has \(count) masks that format.json does not mention",
        remedy: "write the store again",
        path: images.map.path)
    }
    let found = PackedBitDescription.State.checksums(of: labels)
    for name in Set(state.checksums.keys).union(found.keys).sorted()
    where state.checksums[name] != found[name] {
      throw disagreement("\(name).npy")
    }
    guard count == 0 || folder.checksums != nil else {
      throw StoreError(
        .corrupt, "the checksums of the masks are missing", remedy: "restore the file, or convert the store",
        path: "\(path)/\(PackedBitContents.checksumsName)")
    }
    if let stated = state.checksumsCRC32, CRC32.checksum(of: try maskChecksums() ?? []) != stated {
      throw disagreement(PackedBitContents.checksumsName)
    }
  }

  /// Checks that `format.json` is as it was written.
  private func checkDescription() throws(StoreError) {
    guard let folder, !folder.description.isIntact else { return }
    throw StoreError(
      .corrupt, "the file does not agree with its checksum",
      remedy: "restore it, or remove its crc32 if it was changed on purpose",
      path: "\(path)/\(PackedBitDescription.fileName)")
  }

  private func disagreement(_ name: String) -> StoreError {
    StoreError(
      .corrupt, "its values do not agree with their checksum", remedy: "write the store again",
      path: "\(path)/\(name)")
  }

  /// Labels and columns.
  func imageLabels() throws(StoreError) -> ImageLabels {
    var labels = ImageLabels(labels: try labels())
    for name in columnNames { labels.columns[name] = try column(name) }
    return labels
  }
}
