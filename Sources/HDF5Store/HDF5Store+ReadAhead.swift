public import ImageStoreCore
import ImageStoreSupport

// Where images and their chunks are is known from opening the store. Images that only the library
// finds cannot be announced.

extension HDF5Store: SourcedStore {
  package var imageSources: [any ByteSource] { images.areInFile ? [file] : [] }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    guard images.areInFile else { return }
    let source = ranges.number(of: file)
    // The images of a batch share chunks, each of which is announced once.
    var chunkBlocks: Set<Int> = []
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      images.appendRanges(
        of: indices[position], byteCount: format?.byteCount ?? 0, to: &ranges, source, &chunkBlocks)
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}

extension HDF5Store: ChunkedStore {
  package var chunkImageCount: Int {
    if case .chunked(let pixels, _) = images { max(1, pixels.extent[0]) } else { 1 }
  }
}

extension HDF5Images {
  /// Whether images are read from the map of the file, at places that are known.
  var areInFile: Bool {
    switch self {
    case .mapped, .chunked, .each, .encoded: true
    case .resident, .constant, .library: false
    case .turned(let images, _): images.isByImage && images.raw.areInFile
    }
  }

  /// Adds the bytes of an image.
  ///
  /// - Parameters:
  ///   - byteCount: of an image as it is in the file, if all have the same.
  ///   - chunkBlocks: the chunks that have been added.
  fileprivate func appendRanges(
    of index: Int, byteCount: Int, to ranges: inout ImageRanges, _ source: Int, _ chunkBlocks: inout Set<Int>
  ) {
    switch self {
    case .mapped(let offset, _):
      let start = offset + index * byteCount
      ranges.append(start..<start + byteCount, of: source)
    case .chunked(let pixels, _):
      let block = index / max(1, pixels.extent[0])
      guard chunkBlocks.insert(block).inserted else { return }
      for range in pixels.byteRanges(ofBlock: block) { ranges.append(range, of: source) }
    case .each(let table):
      let entry = table.entries[index]
      guard entry.offset >= 0 else { return }
      let size = entry.chunkByteCount > 0 ? Int(entry.chunkByteCount) : table.format(at: index).byteCount
      ranges.append(entry.offset..<entry.offset + size, of: source)
    case .encoded(let images):
      let place = images.place(index)
      if place.memory == nil { ranges.append(place.offset..<place.offset + place.byteCount, of: source) }
    case .turned(let images, _):
      guard images.isByImage else { return }
      images.raw.appendRanges(
        of: index, byteCount: images.rawFormat.byteCount, to: &ranges, source, &chunkBlocks)
    case .resident, .constant, .library: break
    }
  }
}

extension ChunkedPixels {
  /// Where the chunks are that have the images of a block.
  func byteRanges(ofBlock block: Int) -> [Range<Int>] {
    let count = grid[1] * grid[2] * grid[3]
    return table.entries[block * count..<(block + 1) * count].compactMap { entry in
      entry.offset < 0 ? nil : entry.offset..<entry.offset + Int(entry.byteCount)
    }
  }
}
