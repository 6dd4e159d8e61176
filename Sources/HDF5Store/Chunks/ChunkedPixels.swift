import ImageStoreCore
import ImageStoreSupport

/// Images in chunks of any extent, read from the map around the library.
struct ChunkedPixels: Sendable {
  let file: MappedFile
  let table: ChunkTable
  let pipeline: FilterPipeline
  let format: ImageFormat
  let count: Int
  /// Images, rows, columns and channels of a chunk.
  let extent: [Int]
  /// Chunks along each of these.
  let grid: [Int]
  /// The bytes of the sample that replaces samples that were never written.
  let fill: [UInt8]

  /// How many images are in chunks that all have a Fletcher-32.
  var checksumCoverage: ChecksumCoverage {
    guard let position = pipeline.filters.firstIndex(of: .fletcher32) else { return .noImages }
    let skipped = UInt32(1) << UInt32(position)
    return ChecksumCoverage(
      of: (0..<grid[0]).map { block in
        table.entries[block * chunksPerGroup..<(block + 1) * chunksPerGroup]
          .allSatisfy { $0.offset >= 0 && $0.filterMask & skipped == 0 } ? .allImages : .noImages
      })
  }

  /// The images of a call that are in the same chunks: a run of positions sorted by ``block``.
  private struct Group {
    let block: Int
    let positions: Range<Int>
  }

  /// The chunks of one group or more, which a thread works on one after another.
  private var chunksPerGroup: Int { grid[1] * grid[2] * grid[3] }

  /// Writes images, or a region of each, to their slots. Every chunk is decoded once per call.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` naming the image, for a damaged chunk.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer, threads: Int
  ) throws(StoreError) {
    guard plan.count > 0 else { return }
    let order = sortedByBlock(plan.indices)
    let groups = groups(of: order, plan.indices)
    // A piece should be worth passing to another thread: some tens of microseconds.
    let minimum = max(1, 32_768 / pipeline.chunkByteCount)
    try Workers.performRuns(
      of: groups.count * chunksPerGroup, minimum: minimum, threads: threads
    ) { (run) throws(StoreError) in
      var decoder = try ChunkDecoder(pipeline)
      for piece in run {
        let group = groups[piece / chunksPerGroup]
        let chunk = piece % chunksPerGroup
        do throws(StoreError) {
          try unsafe read(chunk: chunk, of: group, order, plan, into: memory, &decoder)
        } catch {
          throw error.at(image: plan.indices[order[group.positions.lowerBound]])
        }
      }
    }
  }

  private func sortedByBlock(_ indices: Span<Int>) -> [Int] {
    var order = Array(0..<indices.count)
    var isSorted = true
    for position in 1..<max(1, indices.count) where indices[position] < indices[position - 1] {
      isSorted = false
      break
    }
    // By index, not by block alone, so that the last of a group says how much of the chunk is needed.
    if !isSorted { order.sort { (indices[$0], $0) < (indices[$1], $1) } }
    return order
  }

  private func groups(of order: [Int], _ indices: Span<Int>) -> [Group] {
    var groups: [Group] = []
    var start = 0
    while start < order.count {
      let block = indices[order[start]] / extent[0]
      var end = start + 1
      while end < order.count, indices[order[end]] / extent[0] == block { end += 1 }
      groups.append(Group(block: block, positions: start..<end))
      start = end
    }
    return groups
  }

  /// Copies the part of a group's images that one chunk has.
  private func read(
    chunk: Int, of group: Group, _ order: [Int], _ plan: borrowing GatherPlan,
    into memory: UnsafeMutableRawBufferPointer, _ decoder: inout ChunkDecoder
  ) throws(StoreError) {
    let indices = plan.indices
    let place = (
      row: chunk / (grid[2] * grid[3]) * extent[1], column: chunk / grid[3] % grid[2] * extent[2],
      channel: chunk % grid[3] * extent[3]
    )
    let imageByteCount = extent[1] * extent[2] * extent[3] * format.elementType.byteCount
    var elements: UnsafeRawPointer?
    for slot in group.positions {
      let position = order[slot]
      let region = plan.region(at: position)
      let rows =
        max(
          region.row, place.row)..<max(
          max(region.row, place.row), min(region.row + region.height, place.row + extent[1]))
      let columns =
        max(
          region.column, place.column)..<max(
          max(region.column, place.column), min(region.column + region.width, place.column + extent[2]))
      guard !rows.isEmpty, !columns.isEmpty else { continue }
      if unsafe elements == nil {
        let last = indices[order[group.positions.upperBound - 1]] - group.block * extent[0]
        unsafe elements = try unsafe decode(
          group.block * chunksPerGroup + chunk, needed: (last + 1) * imageByteCount, &decoder)
      }
      let image = unsafe elements! + (indices[position] - group.block * extent[0]) * imageByteCount
      let target = unsafe memory.baseAddress! + plan.byteRange(of: position).lowerBound
      unsafe copy(rows, columns, of: region, from: image, at: place, to: target)
    }
  }

  private func decode(
    _ index: Int, needed: Int, _ decoder: inout ChunkDecoder
  ) throws(StoreError) -> UnsafeRawPointer {
    let entry = table.entries[index]
    guard entry.offset >= 0 else { return unsafe decoder.elements(filledWith: fill) }
    guard let stored = unsafe file.bytes(at: entry.offset, count: Int(entry.byteCount)) else {
      throw StoreError(.corrupt, "a chunk is beyond the end of the file")
    }
    return try unsafe decoder.elements(stored, mask: entry.filterMask, needed: needed)
  }

  /// Copies rows and columns of an image, as they are in a chunk whose part of the image begins at
  /// `place`, to where they belong in the region delivered.
  private func copy(
    _ rows: Range<Int>, _ columns: Range<Int>, of region: ImageRegion, from image: UnsafeRawPointer,
    at place: (row: Int, column: Int, channel: Int), to target: UnsafeMutableRawPointer
  ) {
    let size = format.elementType.byteCount
    let channels = min(extent[3], format.channels - place.channel)
    let fromPixel = extent[3] * size
    let fromRow = extent[2] * fromPixel
    let toPixel = format.channels * size
    let toRow = region.width * toPixel
    var from =
      unsafe image + (rows.lowerBound - place.row) * fromRow
      + (columns.lowerBound - place.column) * fromPixel
    var to =
      unsafe target + (rows.lowerBound - region.row) * toRow
      + (columns.lowerBound - region.column) * toPixel + place.channel * size
    if fromPixel == toPixel {
      let rowBytes = columns.count * toPixel
      if rowBytes == fromRow, rowBytes == toRow {
        unsafe to.copyMemory(from: from, byteCount: rows.count * rowBytes)
        return
      }
      for _ in rows {
        unsafe to.copyMemory(from: from, byteCount: rowBytes)
        unsafe from += fromRow
        unsafe to += toRow
      }
      return
    }
    for _ in rows {
      for column in 0..<columns.count {
        unsafe (to + column * toPixel).copyMemory(
          from: from + column * fromPixel, byteCount: channels * size)
      }
      unsafe from += fromRow
      unsafe to += toRow
    }
  }
}
