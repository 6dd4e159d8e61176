internal import ImageStoreCodecs
public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

extension LMDBStore {
  public var checksumCoverage: ChecksumCoverage {
    if case .records = contents.labels { .allImages } else { .noImages }
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    guard case .records(let records) = contents.labels else {
      try checkPages(.verifyingForeign)
      return try verifyByReading(progress: progress)
    }
    do throws(StoreError) {
      try readingRecordsUnchanged { () throws(StoreError) in try checkRecords(records) }
      _ = try labels()
      for name in columnNames { _ = try column(name) }
      try checkPages(.verifyingStore)
      try verifyImages(records, progress: progress)
    } catch {
      throw error.at(path: path)
    }
  }

  /// Checks the pages of the last commit, which the next writer would start from.
  private func checkPages(_ purpose: PageCensus.Purpose) throws(StoreError) {
    try Snapshot.readLast(of: contents.file) { (tree) throws(StoreError) in
      try PageCensus.check(tree, purpose)
    }
  }

  /// Checks the checksum of every record, and that there is a value for each image.
  func checkRecords(_ records: StoreRecords) throws(StoreError) {
    let imageChecksums = StoreKey.checksum(of: StoreKey.images)
    if count > 0, records.segments[imageChecksums] == nil {
      throw StoreError(.corrupt, "the checksums of the images are missing", key: imageChecksums)
    }
    for (name, record) in records.segments where StoreKey.hasValueEach(name) {
      if let offsets = records.offsets(of: name) {
        try unsafe record.forEachBytes(of: count, offsets, in: contents.file) { (_, _) in }
      } else if !name.hasPrefix(StoreKey.offsets("")) {
        try unsafe record.forEach(of: count, in: contents.file) { (_, _, _) throws(StoreError) in }
      }
    }
    let ownChecksums = StoreKey.checksum(of: "")
    // A record whose key is damaged is no longer found, but its checksum is.
    for checksum in Array(records.segments.keys) + Array(records.singles.keys)
    where checksum.hasPrefix(ownChecksums) {
      let name = String(checksum.dropFirst(ownChecksums.count))
      let isThere = records.segments[name] != nil || records.singles[name] != nil
      guard name == StoreKey.images || isThere else {
        throw StoreError(.corrupt, "the store has a checksum of it, but the value is missing", key: name)
      }
    }
    for (name, record) in records.segments where StoreKey.isRecord(name) && !name.hasPrefix(ownChecksums) {
      let checksums = records.segments[StoreKey.checksum(of: name)]?.segments ?? []
      for (number, segment) in record.segments.enumerated() {
        let checksum = number < checksums.count ? checksums[number] : nil
        try verify(
          segment.location, by: checksum?.first == segment.first ? checksum?.location : nil,
          key: StoreKey.segment(name, first: segment.first))
      }
    }
    if let classNames = records.singles[StoreKey.classNames] {
      try verify(
        classNames, by: records.singles[StoreKey.checksum(of: StoreKey.classNames)], key: StoreKey.classNames)
    }
  }

  private func verify(
    _ location: ValueLocation, by checksum: ValueLocation?, key: String
  ) throws(StoreError) {
    do throws(StoreError) {
      guard let checksum else { throw StoreError(.corrupt, "its checksum is missing") }
      let written = try ChecksumRecord.value(at: checksum, in: contents.file)
      let found = try unsafe location.withBytes(of: contents.file) { (bytes) throws(StoreError) in
        unsafe CRC32.checksum(of: bytes)
      }
      guard found == written else {
        throw StoreError(.corrupt, "its checksum is \(found), but \(written) was written")
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
      guard case .records(let records) = contents.labels else { return }
      try verify(indices, records)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The checksum of each image's pixels.
  private func checksums(_ records: StoreRecords) throws(StoreError) -> [UInt32] {
    try cachedChecksums.value { () throws(StoreError) in
      let name = StoreKey.checksum(of: StoreKey.images)
      let segments = records.segments[name] ?? RecordSegments(name: name)
      return try readingUnchanged { () throws(StoreError) in
        try segments.checksums(of: count, in: contents.file)
      }
    }
  }

  /// Checks images whose indices are in range.
  private func verify(_ indices: Span<Int>, _ records: StoreRecords) throws(StoreError) {
    guard indices.count > 0 else { return }
    let checksums = try checksums(records)
    try readingUnchanged { () throws(StoreError) in try compare(indices, with: checksums) }
  }

  private func compare(_ indices: Span<Int>, with checksums: [UInt32]) throws(StoreError) {
    if case .encoded(let images) = contents.images {
      return try Workers.performRuns(of: indices.count, minimum: 4, threads: threads) {
        (run) throws(StoreError) in
        let verifier = images.verifier()
        for position in run {
          let index = indices[position]
          do throws(StoreError) {
            try images.withValue(index, of: contents.file) { (value) throws(StoreError) in
              try verifier.verify(value, images.kind(index), checksum: checksums[index])
            }
          } catch {
            throw error.at(image: index, key: StoreKey.image(index))
          }
        }
      }
    }
    try Workers.performRuns(of: indices.count, minimum: 64, threads: threads) { (run) throws(StoreError) in
      for position in run {
        let index = indices[position]
        let (format, image) = try unsafe locate(index)
        let found = unsafe CRC32.checksum(
          of: UnsafeRawBufferPointer(start: image, count: format.byteCount))
        guard found == checksums[index] else {
          throw StoreError(
            .corrupt, "the checksum of its pixels is \(found), but \(checksums[index]) was written",
            image: index)
        }
      }
    }
  }
}

extension LMDBStore: ChecksummedStore {
  package func pixelChecksums() throws(StoreError) -> [UInt32?]? {
    // For encoded images, the checksum is that of their bytes.
    if case .encoded = contents.images { return nil }
    guard case .records(let records) = contents.labels else { return nil }
    do throws(StoreError) {
      return try checksums(records)
    } catch {
      throw error.at(path: path)
    }
  }
}
