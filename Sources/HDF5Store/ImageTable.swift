import ImageStoreCore
import ImageStoreSupport

/// Where images lie that have a dataset each: 16 bytes an image.
struct ImageTable: Sendable {
  /// What many images have in common.
  struct Kind: Sendable, Hashable {
    let format: ImageFormat
    let type: StoredType
    /// The filters an image's one chunk went through; none where its samples stand as they are.
    let filters: [FilterPipeline.Filter]
  }

  struct Entry: Sendable {
    /// Where the stored bytes begin; negative where they are in no one place.
    var offset: Int
    /// Bytes of the one chunk; 0 where the samples stand as they are.
    var chunkByteCount: UInt32
    var kind: UInt32
  }

  private(set) var entries: [Entry] = []
  private(set) var kinds: [Kind] = []
  /// Where the images are that lie in no one place of the file: in several chunks, in a header.
  private(set) var sources: [Int: PixelSource] = [:]
  private var kindNumbers: [Kind: UInt32] = [:]
  /// Whether the samples of all images stand in the file as they are delivered.
  private(set) var isPlain = true

  var count: Int { entries.count }

  func format(at index: Int) -> ImageFormat { kinds[Int(entries[index].kind)].format }

  /// The format all images have.
  var uniformFormat: ImageFormat? {
    guard let first = kinds.first?.format, kinds.allSatisfy({ $0.format == first }) else { return nil }
    return first
  }

  mutating func append(_ kind: Kind, offset: Int, chunkByteCount: UInt32) {
    entries.append(Entry(offset: offset, chunkByteCount: chunkByteCount, kind: number(of: kind)))
    if chunkByteCount > 0 || kind.type.isSwapped || kind.type.kind == .bool { isPlain = false }
  }

  mutating func append(_ kind: Kind, _ source: PixelSource) {
    sources[entries.count] = source
    entries.append(Entry(offset: -1, chunkByteCount: 0, kind: number(of: kind)))
    isPlain = false
  }

  private mutating func number(of kind: Kind) -> UInt32 {
    if let number = kindNumbers[kind] { return number }
    let number = UInt32(kinds.count)
    kinds.append(kind)
    kindNumbers[kind] = number
    return number
  }
}

extension ImageTable {
  /// Appends images, or a region of each.
  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, file: MappedFile,
    into destination: inout OutputRawSpan, threads: Int
  ) throws(StoreError) {
    if isPlain {
      try unsafe destination.gatherMixed(indices, regions: regions) { (index) throws(StoreError) in
        guard entries.indices.contains(index) else { throw .indexOutOfRange(index, count: count) }
        let entry = entries[index]
        let format = kinds[Int(entry.kind)].format
        guard let image = unsafe file.bytes(at: entry.offset, count: format.byteCount)?.baseAddress else {
          throw StoreError(.corrupt, "an image beyond the end of the file", image: index)
        }
        return unsafe (format, image)
      }
      return
    }
    let slots = try slots(of: indices, regions: regions)
    try unsafe destination.appendBytes(slots[slots.count - 1]) { (memory) throws(StoreError) in
      try Workers.performRuns(of: indices.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
        for position in run {
          let target = unsafe UnsafeMutableRawBufferPointer(
            rebasing: memory[slots[position]..<slots[position + 1]])
          let format = format(at: indices[position])
          let region =
            regions.count == 0
            ? ImageRegion(wholeOf: format) : regions[regions.count == 1 ? 0 : position]
          try unsafe read(indices[position], region, file, into: target)
        }
      }
    }
  }

  /// Where each image of a call goes, and the end.
  private func slots(
    of indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> [Int] {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var slots = [0]
    slots.reserveCapacity(indices.count + 1)
    for position in indices.indices {
      let index = indices[position]
      guard entries.indices.contains(index) else { throw .indexOutOfRange(index, count: count) }
      var format = format(at: index)
      if regions.count > 0 {
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else { throw .outside(region, of: format, image: index) }
        try checkSameSize(region, as: regions[0])
        format = format.cropped(to: region)
      }
      slots.append(slots[position] + format.byteCount)
    }
    return slots
  }

  /// Reads a region of one image, delivering its samples as the machine has them.
  private func read(
    _ index: Int, _ region: ImageRegion, _ file: MappedFile, into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let entry = entries[index]
    let kind = kinds[Int(entry.kind)]
    do throws(StoreError) {
      if let source = sources[index] {
        try unsafe read(source, kind, region, into: target)
      } else if entry.chunkByteCount == 0 {
        try unsafe copy(
          region, kind.format, file.bytes(at: entry.offset, count: kind.format.byteCount), target)
        unsafe kind.type.makeNative(target)
      } else {
        try unsafe decode(entry, kind, region, file, into: target)
        unsafe kind.type.makeNative(target)
      }
      try unsafe kind.type.checkSamples(target)
    } catch {
      throw error.at(image: index)
    }
  }

  /// Reads a region of an image that is the only one of a source.
  private func read(
    _ source: PixelSource, _ kind: Kind, _ region: ImageRegion, into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch source {
    case .resident(let memory), .constant(let memory):
      try unsafe copy(region, kind.format, memory.bytes, target)
    case .chunked(let pixels, let type):
      try withSpan(of: region) { (regions) throws(StoreError) in
        try withSpan(of: 0) { (indices) throws(StoreError) in
          let gather = try UniformGather(indices, regions: regions, of: 1, format: kind.format)
          try unsafe pixels.read(gather, indices, regions: regions, into: target, threads: 1)
        }
      }
      unsafe type.makeNative(target)
    case .library(let pixels, _):
      try withSpan(of: region) { (regions) throws(StoreError) in
        try withSpan(of: 0) { (indices) throws(StoreError) in
          let gather = try UniformGather(indices, regions: regions, of: 1, format: kind.format)
          try unsafe pixels.read(gather, indices, regions: regions, into: target)
        }
      }
    case .mapped, .each: throw StoreError(.corrupt, "an image that is in no place of its own")
    }
  }

  private func decode(
    _ entry: Entry, _ kind: Kind, _ region: ImageRegion, _ file: MappedFile,
    into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let format = kind.format
    guard
      let pipeline = FilterPipeline(
        kind.filters, chunkByteCount: format.byteCount, elementByteCount: kind.type.byteCount),
      let stored = unsafe file.bytes(at: entry.offset, count: Int(entry.chunkByteCount))
    else { throw StoreError(.corrupt, "an image beyond the end of the file") }
    var decoder = try ChunkDecoder(pipeline)
    let needed = (region.row + region.height) * format.bytesPerRow
    let elements = try unsafe decoder.elements(stored, mask: 0, needed: needed)
    try unsafe copy(region, format, UnsafeRawBufferPointer(start: elements, count: format.byteCount), target)
  }

  private func copy(
    _ region: ImageRegion, _ format: ImageFormat, _ image: UnsafeRawBufferPointer?,
    _ target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let image = unsafe image?.baseAddress, let target = target.baseAddress else {
      throw StoreError(.corrupt, "an image beyond the end of the file")
    }
    unsafe copyRegion(region, of: format, from: image, to: target)
  }
}
