import ImageStoreCore

/// Where every chunk of a dataset lies in the file: 16 bytes a chunk, gathered once.
struct ChunkTable: Sendable {
  struct Entry: Sendable {
    /// Where the stored bytes begin, or a negative number where the chunk was never written.
    var offset = -1
    var byteCount: UInt32 = 0
    /// Which filters the chunk did not go through, a bit each.
    var filterMask: UInt32 = 0
  }

  /// Elements along each dimension of a chunk.
  let extent: [Int]
  /// Chunks along each dimension of the dataset.
  let grid: [Int]
  private(set) var entries: [Entry]
  private let fileByteCount: Int

  /// A table without chunks.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` where there would be more chunks than bytes in the file,
  ///   so that a lying extent takes no memory.
  init(shape: [Int], extent: [Int], fileByteCount: Int) throws(StoreError) {
    var grid: [Int] = []
    var count = 1
    for (size, step) in zip(shape, extent) {
      let chunks = size / step + (size % step == 0 ? 0 : 1)
      let (product, overflow) = count.multipliedReportingOverflow(by: chunks)
      guard !overflow, product <= fileByteCount else {
        throw StoreError(
          .limitExceeded, "more chunks than the file has bytes: a shape of \(shape) in chunks of \(extent)",
          remedy: "rewrite it with larger chunks")
      }
      count = product
      grid.append(chunks)
    }
    self.extent = extent
    self.grid = grid
    self.fileByteCount = fileByteCount
    entries = Array(repeating: Entry(), count: count)
  }

  /// Notes where a chunk lies.
  ///
  /// - Parameter origin: the coordinates of its first element.
  /// - Throws: ``StoreError/Code/corrupt`` where it is not one of the dataset's or beyond the end of the
  ///   file.
  mutating func set(
    origin: some Collection<UInt64>, address: UInt64, byteCount: UInt64, filterMask: UInt32
  ) throws(StoreError) {
    var index = 0
    for ((position, step), chunks) in zip(zip(origin, extent), grid) {
      guard position % UInt64(step) == 0, position / UInt64(step) < UInt64(chunks) else {
        throw StoreError(.corrupt, "a chunk at \(Array(origin)), which is none of the dataset's")
      }
      index = index * chunks + Int(position / UInt64(step))
    }
    guard let offset = Int(exactly: address), let size = UInt32(exactly: byteCount),
      offset <= fileByteCount, Int(size) <= fileByteCount - offset
    else {
      throw StoreError(
        .corrupt, "a chunk of \(byteCount) bytes at \(address) in a file of \(fileByteCount)")
    }
    entries[index] = Entry(offset: offset, byteCount: size, filterMask: filterMask)
  }
}
