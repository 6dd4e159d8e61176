import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// Where images are that have a dataset each: 16 bytes per image.
struct ImageTable: Sendable {
  /// The properties that many images have in common.
  struct Kind: Sendable, Hashable {
    let format: ImageFormat
    let type: StoredType
    /// The filters an image's one chunk went through; none if its samples are as they are delivered.
    let filters: [FilterPipeline.Filter]
  }

  struct Entry: Sendable {
    /// Where the stored bytes begin; negative if they are not in one place.
    var offset: Int
    /// Bytes of the one chunk; 0 if there are no filters.
    var chunkByteCount: UInt32
    var kind: UInt32
  }

  private(set) var entries: [Entry] = []
  private(set) var kinds: [Kind] = []
  /// Where the images are that are not in one place of the file: in several chunks, in a header.
  private(set) var sources: [Int: HDF5Images] = [:]
  private var kindNumbers: [Kind: UInt32] = [:]
  /// Whether the samples of all images are in the file as they are delivered.
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

  mutating func append(_ kind: Kind, _ source: HDF5Images) {
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
  /// How many images are in a chunk with a Fletcher-32.
  var checksumCoverage: ChecksumCoverage {
    guard !sources.isEmpty || kinds.contains(where: { $0.filters.contains(.fletcher32) }) else {
      return .noImages
    }
    return ChecksumCoverage(
      of: entries.enumerated().map { index, entry in
        if let source = sources[index] { return source.checksumCoverage }
        return kinds[Int(entry.kind)].filters.contains(.fletcher32) ? .allImages : .noImages
      })
  }

  /// Where pixels are in the file.
  var byteRanges: [Range<Int>] {
    entries.filter { $0.offset >= 0 }.map { entry in
      let samples = kinds[Int(entry.kind)].format.byteCount
      return entry.offset..<entry.offset + (entry.chunkByteCount == 0 ? samples : Int(entry.chunkByteCount))
    }
  }

  /// Reads images, or a region of each, to their slots.
  func read(
    _ plan: borrowing GatherPlan, from file: MappedFile, into memory: UnsafeMutableRawBufferPointer,
    threads: Int
  ) throws(StoreError) {
    guard !isPlain else {
      return try plan.performRuns(threads: threads) { (run) throws(StoreError) in
        try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) in
          let entry = entries[index]
          let byteCount = kinds[Int(entry.kind)].format.byteCount
          guard let image = unsafe file.bytes(at: entry.offset, count: byteCount)?.baseAddress else {
            throw StoreError(.corrupt, "the image is beyond the end of the file", image: index)
          }
          return unsafe image
        }
      }
    }
    try Workers.performRuns(of: plan.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
      var decoder = KindDecoder()
      for position in run {
        let index = plan.indices[position]
        do throws(StoreError) {
          try unsafe read(
            index, plan.region(at: position), file, into: plan.slot(of: position, in: memory), &decoder)
        } catch {
          throw error.at(image: index)
        }
      }
    }
  }

  /// Reads a region of one image, delivering its samples as the machine has them.
  private func read(
    _ index: Int, _ region: ImageRegion, _ file: MappedFile, into target: UnsafeMutableRawBufferPointer,
    _ decoder: inout KindDecoder
  ) throws(StoreError) {
    let entry = entries[index]
    let kind = kinds[Int(entry.kind)]
    if let source = sources[index] {
      try unsafe read(source, kind, region, file, into: target)
    } else if entry.chunkByteCount == 0 {
      try unsafe copy(
        region, kind.format, file.bytes(at: entry.offset, count: kind.format.byteCount), target)
      unsafe kind.type.makeNative(target)
    } else {
      guard let stored = unsafe file.bytes(at: entry.offset, count: Int(entry.chunkByteCount)) else {
        throw StoreError(.corrupt, "the image is beyond the end of the file")
      }
      let needed = (region.row + region.height) * kind.format.bytesPerRow
      let elements = try unsafe decoder.elements(stored, kind, number: entry.kind, needed: needed)
      try unsafe copy(
        region, kind.format, UnsafeRawBufferPointer(start: elements, count: kind.format.byteCount), target)
      unsafe kind.type.makeNative(target)
    }
    try unsafe kind.type.checkSamples(UnsafeRawBufferPointer(target))
  }

  /// Reads a region of an image that is the only one of a source.
  private func read(
    _ source: HDF5Images, _ kind: Kind, _ region: ImageRegion, _ file: MappedFile,
    into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    func withPlan(_ body: (borrowing GatherPlan) throws(StoreError) -> Void) throws(StoreError) {
      try withSpan(of: region) { (regions) throws(StoreError) in
        try withSpan(of: 0) { (indices) throws(StoreError) in
          try body(GatherPlan(indices, regions: regions, of: 1, format: kind.format))
        }
      }
    }
    switch source {
    case .resident(let memory), .constant(let memory):
      try unsafe copy(region, kind.format, memory.bytes, target)
    case .chunked(let pixels, let type):
      try withPlan { (plan) throws(StoreError) in try unsafe pixels.read(plan, into: target, threads: 1) }
      unsafe type.makeNative(target)
    case .library(let pixels, _):
      try withPlan { (plan) throws(StoreError) in try unsafe pixels.read(plan, into: target) }
    case .turned(let images, _):
      try withPlan { (plan) throws(StoreError) in
        try unsafe images.read(plan, from: file, into: target, threads: 1)
      }
    case .mapped, .each, .encoded: throw StoreError(.corrupt, "the image has no bytes of its own in the file")
    }
  }

  private func copy(
    _ region: ImageRegion, _ format: ImageFormat, _ image: UnsafeRawBufferPointer?,
    _ target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let image = unsafe image?.baseAddress, let target = target.baseAddress else {
      throw StoreError(.corrupt, "the image is beyond the end of the file")
    }
    unsafe copyRegion(region, of: format, from: image, to: target)
  }

  /// The decoder of one thread, which is reused as long as images are of one kind.
  private struct KindDecoder: ~Copyable {
    private var decoder: ChunkDecoder?
    private var number: UInt32?

    /// As ``ChunkDecoder/elements(_:mask:needed:)``.
    mutating func elements(
      _ stored: UnsafeRawBufferPointer, _ kind: Kind, number: UInt32, needed: Int
    ) throws(StoreError) -> UnsafeRawPointer {
      if self.number != number {
        guard
          let pipeline = FilterPipeline(
            kind.filters, chunkByteCount: kind.format.byteCount, elementByteCount: kind.type.byteCount)
        else { throw StoreError(.corrupt, "the filters of the image's chunk cannot be undone") }
        decoder = try ChunkDecoder(pipeline)
        self.number = number
      }
      return try unsafe decoder!.elements(stored, mask: 0, needed: needed)
    }
  }
}
