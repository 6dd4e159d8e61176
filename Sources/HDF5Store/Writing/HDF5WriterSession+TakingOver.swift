import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// The properties that appended images must agree with.
  var existing: WriterState.Existing {
    WriterState.Existing(
      count: count, classNames: classNames, hasLabels: records.labels != nil || records.foundLabels != nil,
      columns: records.columns.mapValues(\.kind))
  }

  /// The format of the images if they are in one dataset; nil if each has one, or there are none.
  var datasetFormat: ImageFormat? {
    if case .each = images { return nil }
    return count > 0 ? format : nil
  }
}

extension HDF5WriterSession {
  /// Begins with the images of another store. Chunks that can stay as they are are copied with
  /// their checksums, which still reveal damage; for everything else the checksums are compared.
  mutating func takeOver(_ old: HDF5Store) throws(StoreError) {
    guard old.count > 0 else { return }
    if encodedLayout != nil {
      guard let known = try old.storedChecksums() else {
        throw StoreError(.corrupt, "the dataset is missing", path: old.path, key: DatasetNames.checksums)
      }
      var columns: [String: Column] = [:]
      for name in old.columnNames { columns[name] = try old.column(name) }
      try takeOverEncoded(old, known)
      labels = ImageLabels(labels: try old.labels(), columns: columns)
      return
    }
    var columns: [String: Column] = [:]
    for name in old.columnNames { columns[name] = try old.column(name) }
    let known = try old.storedChecksums()
    let first = try takeOverStored(old, known)
    if case .mapped(let offset, let type) = old.images, !type.isSwapped, let format = old.format {
      let step = max(1, (8 << 20) / format.byteCount)
      for start in stride(from: 0, to: old.count, by: step) {
        let range = start..<min(start + step, old.count)
        guard
          let bytes = unsafe old.file.bytes(
            at: offset + start * format.byteCount, count: range.count * format.byteCount)
        else { throw StoreError(.corrupt, "images are beyond the end of the file") }
        try unsafe append(
          bytes, BatchLayout(format, count: range.count), known: known?[range], of: old, from: start)
      }
    } else {
      try takeOverRead(old, known, from: first)
    }
    labels = ImageLabels(labels: try old.labels(), columns: columns)
  }

  /// Copies images as they are read.
  private mutating func takeOverRead(
    _ old: HDF5Store, _ known: [UInt32]?, from first: Int
  ) throws(StoreError) {
    var batch = ImageBatch()
    var start = first
    while start < old.count {
      let end = try old.endOfRun(from: start, byteCount: 8 << 20)
      try old.readPixels(start..<end, into: &batch)
      let range = start..<end
      let layout = batch.layout
      try unsafe batch.pixels.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe append(bytes, layout, known: known?[range], of: old, from: range.lowerBound)
      }
      start = end
    }
  }

  /// Copies images in chunks with the form that this writer makes.
  ///
  /// - Returns: how many were taken over, from the first.
  private mutating func takeOverStored(
    _ old: HDF5Store, _ known: [UInt32]?
  ) throws(StoreError) -> Int {
    guard let known, let format = old.format, known.count == old.count,
      case .chunked(let chunks, let type) = old.images, !type.isSwapped
    else { return 0 }
    let imagesPerChunk = ChunkEncoder.imagesPerChunk(format)
    let extent = [imagesPerChunk, format.height, format.width, format.channels]
    guard chunks.extent == extent,
      chunks.pipeline.filters == ChunkEncoder.pipeline(format, imagesPerChunk: imagesPerChunk)?.filters
    else { return 0 }
    var taken = 0
    for entry in chunks.table.entries.prefix(old.count / imagesPerChunk) {
      guard entry.offset >= 0, entry.filterMask == 0,
        let bytes = unsafe old.file.bytes(at: entry.offset, count: Int(entry.byteCount))
      else { break }
      try unsafe pixels.append(bytes)
      encoder.noteChunk(byteCount: entry.byteCount)
      taken += imagesPerChunk
    }
    images.append(format, count: taken)
    checksums = Array(known[..<taken])
    return taken
  }

  /// Adds images that were read, after comparing them with their checksums, so that damage is not
  /// copied with a new checksum.
  private mutating func append(
    _ bytes: UnsafeRawBufferPointer, _ layout: BatchLayout, known: ArraySlice<UInt32>?, of old: HDF5Store,
    from first: Int
  ) throws(StoreError) {
    let before = checksums.count
    try unsafe append(bytes, layout)
    guard let known else { return }
    for (position, sum) in known.enumerated() where checksums[before + position] != sum {
      throw StoreError(
        .corrupt, "its CRC-32 is \(checksums[before + position]), but the file says \(sum)",
        path: old.path, image: first + position)
    }
  }
}
