public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

extension LMDBStore {
  public var checksumCoverage: ChecksumCoverage {
    if case .records = contents.annotations { .allImages } else { .noImages }
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    guard case .records(let records) = contents.annotations else {
      try checkPages(.verifyingForeign)
      return try verifyByReading(progress: progress)
    }
    do throws(StoreError) {
      try readingUnchanged { () throws(StoreError) in try checkRecords(records) }
      _ = try labels()
      for name in columnNames { _ = try column(name) }
      try checkPages(.verifyingStore)
      try verifyImages(records, progress: progress)
    } catch {
      throw error.at(path: path)
    }
  }

  /// Checks the pages of the last commit, which a writer would go on from.
  private func checkPages(_ purpose: PageCensus.Purpose) throws(StoreError) {
    try Snapshot.readLast(of: contents.file) { (tree) throws(StoreError) in
      try PageCensus.check(tree, purpose)
    }
  }

  /// Checks the checksum of every record, and that there is a value for each image.
  func checkRecords(_ records: StoreRecords) throws(StoreError) {
    let imageChecksums = StoreKey.checksum(of: StoreKey.images)
    if count > 0, records.parts[imageChecksums] == nil {
      throw StoreError(.corrupt, "the checksums of the images are missing", key: imageChecksums)
    }
    for (name, parts) in records.parts where StoreKey.hasValueEach(name) {
      try unsafe parts.forEach(of: count, in: contents.file) { (_, _, _) throws(StoreError) in }
    }
    let ownChecksums = StoreKey.checksum(of: "")
    // A record whose key is damaged is no longer found, but what was kept of it is.
    for checksum in Array(records.parts.keys) + Array(records.singles.keys)
    where checksum.hasPrefix(ownChecksums) {
      let name = String(checksum.dropFirst(ownChecksums.count))
      let isThere = records.parts[name] != nil || records.singles[name] != nil
      guard name == StoreKey.images || isThere else {
        throw StoreError(.corrupt, "it is not there, though there is a checksum of it", key: name)
      }
    }
    for (name, parts) in records.parts where StoreKey.isRecord(name) && !name.hasPrefix(ownChecksums) {
      let checksums = records.parts[StoreKey.checksum(of: name)]?.parts ?? []
      for (number, part) in parts.parts.enumerated() {
        let checksum = number < checksums.count ? checksums[number] : nil
        try verify(
          part.place, by: checksum?.first == part.first ? checksum?.place : nil,
          key: StoreKey.part(name, first: part.first))
      }
    }
    if let place = records.singles[StoreKey.classNames] {
      try verify(
        place, by: records.singles[StoreKey.checksum(of: StoreKey.classNames)], key: StoreKey.classNames)
    }
  }

  private func verify(
    _ place: RecordParts.Place, by checksum: RecordParts.Place?, key: String
  ) throws(StoreError) {
    do throws(StoreError) {
      guard let checksum else { throw StoreError(.corrupt, "its checksum is missing") }
      let written = try ChecksumRecord.value(at: checksum, in: contents.file)
      let found = try unsafe place.withBytes(of: contents.file) { (bytes) throws(StoreError) in
        unsafe CRC32.checksum(of: bytes)
      }
      guard found == written else {
        throw StoreError(.corrupt, "its checksum is \(found) where \(written) was written")
      }
    } catch {
      throw error.at(key: key)
    }
  }

  private func verifyImages(
    _ records: StoreRecords, progress: (_ checked: Int) -> Void
  ) throws(StoreError) {
    // Short enough for a progress bar, long enough for threads.
    let step = 8192
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      try verify(Array(start..<end).span, records)
      progress(end)
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    do throws(StoreError) {
      for position in indices.indices where indices[position] < 0 || indices[position] >= count {
        throw .indexOutOfRange(indices[position], count: count)
      }
      guard case .records(let records) = contents.annotations else { return }
      try verify(indices, records)
    } catch {
      throw error.at(path: path)
    }
  }

  /// Checks images whose indices are in range.
  private func verify(_ indices: Span<Int>, _ records: StoreRecords) throws(StoreError) {
    guard indices.count > 0 else { return }
    let checksums = try checksums(records)
    try readingUnchanged { () throws(StoreError) in try compare(indices, with: checksums) }
  }

  private func compare(_ indices: Span<Int>, with checksums: [UInt32]) throws(StoreError) {
    try Workers.performRuns(of: indices.count, minimum: 64, threads: threads) { (run) throws(StoreError) in
      for position in run {
        let index = indices[position]
        let (format, image) = try unsafe locate(index)
        let found = unsafe CRC32.checksum(
          of: UnsafeRawBufferPointer(start: image, count: format.byteCount))
        guard found == checksums[index] else {
          throw StoreError(
            .corrupt, "the checksum of its pixels is \(found) where \(checksums[index]) was written",
            image: index)
        }
      }
    }
  }
}
