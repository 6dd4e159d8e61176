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

  /// Takes one more coordinate of a chunk's first element into its index among all chunks, which is 0 before
  /// the first.
  ///
  /// - Returns: whether a chunk of the dataset has that coordinate.
  @inline(__always)
  func advance(_ index: inout Int, _ dimension: Int, to coordinate: UInt64) -> Bool {
    let (number, rest) = coordinate.quotientAndRemainder(dividingBy: UInt64(extent[dimension]))
    guard rest == 0, number < UInt64(grid[dimension]) else { return false }
    index = index &* grid[dimension] &+ Int(number)
    return true
  }

  /// Notes where a chunk lies.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` where that is beyond the end of the file.
  mutating func set(
    _ index: Int, offset: Int, byteCount: UInt32, filterMask: UInt32
  ) throws(StoreError) {
    guard offset <= fileByteCount, Int(byteCount) <= fileByteCount - offset else {
      throw StoreError(
        .corrupt, "a chunk of \(byteCount) bytes at \(offset) in a file of \(fileByteCount)")
    }
    entries[index] = Entry(offset: offset, byteCount: byteCount, filterMask: filterMask)
  }
}
