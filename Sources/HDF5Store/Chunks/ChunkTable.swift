import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// Where every chunk of a dataset is in the file: 16 bytes per chunk, gathered once.
struct ChunkTable: Sendable {
  struct Entry: Sendable {
    /// Where the stored bytes begin, or a negative number if the chunk was never written.
    var offset = -1
    var byteCount: UInt32 = 0
    /// The filters that the chunk did not go through, one bit for each.
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
  /// - Throws: ``StoreError/Code/limitExceeded`` if there would be more chunks than bytes in the file,
  ///   so that a false extent takes no memory.
  init(shape: [Int], extent: [Int], fileByteCount: Int) throws(StoreError) {
    var grid: [Int] = []
    var count = 1
    for (size, step) in zip(shape, extent) {
      let chunks = size / step + (size % step == 0 ? 0 : 1)
      let (product, overflow) = count.multipliedReportingOverflow(by: chunks)
      guard !overflow, product <= fileByteCount else {
        throw StoreError(
          .limitExceeded,
          "the dataset has more chunks than the file has bytes: its shape is \(shape), in chunks of \(extent)",
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

  /// Notes where a chunk is.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if that is beyond the end of the file.
  mutating func set(
    _ index: Int, offset: Int, byteCount: UInt32, filterMask: UInt32
  ) throws(StoreError) {
    guard offset <= fileByteCount, Int(byteCount) <= fileByteCount - offset else {
      throw StoreError(
        .corrupt,
        "a chunk of \(byteCount) bytes at byte \(offset) is not within the file's \(fileByteCount) bytes")
    }
    entries[index] = Entry(offset: offset, byteCount: byteCount, filterMask: filterMask)
  }
}

extension HDF5Session {
  /// Where the chunks of a dataset are, or nil if there are many and only the library's slow way
  /// finds them, or if the library reports them wrongly.
  func chunkTable(
    _ dataset: borrowing HDF5Handle, _ description: DatasetDescription, extent: [Int],
    in library: LibraryFile, _ budget: MemoryBudget
  ) throws(StoreError) -> ChunkTable? {
    let (file, superblock) = (library.map, library.superblock)
    do throws(StoreError) {
      var table = try ChunkTable(
        shape: description.shape, extent: extent, fileByteCount: file.byteCount)
      try budget.take(table.entries.count, times: 16, for: "the index of the chunks")
      let header = CHDF5_header_address(dataset.id)
      if header != CHDF5_undefined_address(),
        let tree = unsafe ChunkTree(file.bytes, superblock, header: header, rank: extent.count)
      {
        try tree.read(into: &table)
        return table
      }
      guard CHDF5_iterates_chunks() || table.entries.count <= 4096,
        try tellsPlaces(dataset, description)
      else { return nil }
      try readChunks(dataset, rank: extent.count, base: superblock.base, into: &table)
      return table
    } catch {
      throw error.at(key: description.name)
    }
  }

  /// Whether the library reports the position of each chunk in the dataset. As it visits extensible
  /// and fixed arrays, it counts chunks as if no dimension but the first grew (from 1.10 on:
  /// `H5D__earray_idx_iterate_cb` and `H5D__farray_idx_iterate_cb`).
  private func tellsPlaces(
    _ dataset: borrowing HDF5Handle, _ description: DatasetDescription
  ) throws(StoreError) -> Bool {
    if description.isFixedButFirst { return true }
    var index = H5D_CHUNK_IDX_BTREE
    try check(unsafe H5Dget_chunk_index_type(dataset.id, &index), "finding its chunks")
    return [H5D_CHUNK_IDX_BTREE, H5D_CHUNK_IDX_SINGLE, H5D_CHUNK_IDX_BT2].contains { $0 == index }
  }

  /// The result of a visit of the chunks; the visitor is a C function and can only note an error.
  private struct Visit {
    var table: ChunkTable
    let rank: Int
    let base: UInt64
    var error: StoreError?
  }

  private func readChunks(
    _ dataset: borrowing HDF5Handle, rank: Int, base: Int, into table: inout ChunkTable
  ) throws(StoreError) {
    // Releases before 1.14.4 count addresses of chunks from the superblock, not from the start of the file.
    let version = Self.libraryVersion
    let isAbsolute = (version.major, version.minor, version.release) >= (1, 14, 4)
    var visit = Visit(table: table, rank: rank, base: isAbsolute ? 0 : UInt64(base))
    let status = unsafe withUnsafeMutablePointer(to: &visit) { visit in
      unsafe CHDF5_for_each_chunk(
        dataset.id,
        { (origin, address, size, mask, context) in
          guard let origin = unsafe origin, let context = unsafe context else { return -1 }
          let visit = unsafe context.assumingMemoryBound(to: Visit.self)
          do throws(StoreError) {
            let (offset, overflow) = unsafe address.addingReportingOverflow(visit.pointee.base)
            var index = 0
            for dimension in 0..<(unsafe visit.pointee.rank) {
              guard unsafe visit.pointee.table.advance(&index, dimension, to: origin[dimension]) else {
                throw StoreError(.corrupt, "the chunk index has a chunk that the dataset cannot have")
              }
            }
            guard !overflow, let offset = Int(exactly: offset), let size = UInt32(exactly: size) else {
              throw StoreError(
                .corrupt, "the chunk index has an impossible chunk: \(size) bytes at byte \(address)")
            }
            try unsafe visit.pointee.table.set(index, offset: offset, byteCount: size, filterMask: mask)
            return 0
          } catch {
            unsafe visit.pointee.error = error
            return 1
          }
        }, visit)
    }
    if let error = visit.error { throw error }
    try check(status, "finding its chunks")
    table = visit.table
  }
}
