internal import ImageStoreCore

/// Where images of one format begin in the file: in runs of blocks of equally many images.
///
/// A store of 1,000,000 small images in blocks takes some 100 KB; single images take 8 bytes each.
struct ImagePositions: Sendable {
  private struct Run {
    let firstImage: Int
    let imagesPerBlock: Int
    /// Which element of `blocks` is the run's first.
    let firstBlock: Int
  }

  private let imageByteCount: Int
  private var runs: [Run] = []
  private var firstRunEnd = 0
  /// The offset of each block's first pixel.
  private var blocks: [Int] = []
  /// How many images there are.
  private(set) var count = 0

  init(imageByteCount: Int) { self.imageByteCount = imageByteCount }

  var blockCount: Int { blocks.count }

  mutating func reserveCapacity(_ blockCount: Int) { blocks.reserveCapacity(blockCount) }

  /// Adds a block whose first pixel is at `offset`.
  mutating func append(blockOf imageCount: Int, at offset: Int) {
    if runs.last?.imagesPerBlock != imageCount {
      runs.append(Run(firstImage: count, imagesPerBlock: imageCount, firstBlock: blocks.count))
    }
    blocks.append(offset)
    count += imageCount
    if runs.count == 1 { firstRunEnd = count }
  }

  /// Where an image begins, and the block it is in.
  ///
  /// The caller has checked that `index` is in `0..<count`.
  @inline(__always)
  func locate(_ index: Int) -> (offset: Int, block: Int) {
    // In most stores, all blocks except the last are the same.
    let run = index < firstRunEnd ? runs[0] : run(of: index)
    // A division of 32 bits takes a fraction of the time of one of 64.
    let within = index &- run.firstImage
    let number =
      within <= UInt32.max
      ? Int(UInt32(truncatingIfNeeded: within) / UInt32(truncatingIfNeeded: run.imagesPerBlock))
      : within / run.imagesPerBlock
    let block = run.firstBlock &+ number
    return (blocks[block] &+ (within &- number &* run.imagesPerBlock) &* imageByteCount, block)
  }

  /// The images of a block.
  func images(ofBlock block: Int) -> Range<Int> {
    let run = runs[partitioningIndex { $0.firstBlock > block } - 1]
    let first = run.firstImage + (block - run.firstBlock) * run.imagesPerBlock
    return first..<first + run.imagesPerBlock
  }

  private func run(of index: Int) -> Run {
    runs[partitioningIndex { $0.firstImage > index } - 1]
  }

  /// The first run for which a condition holds; the condition must hold for all later runs.
  private func partitioningIndex(_ holds: (Run) -> Bool) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if holds(runs[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Where images of different formats begin in the file: 12 bytes per image.
struct MixedPositions: Sendable {
  private(set) var formats: [ImageFormat] = []
  private var numbers: [ImageFormat: UInt32] = [:]
  private var offsets: [Int] = []
  private var formatNumbers: [UInt32] = []

  var count: Int { offsets.count }

  /// Adds an image's format, whose number among the formats is returned; ``place(at:)`` comes next.
  mutating func append(_ format: ImageFormat) -> Int {
    if let last = formatNumbers.last, formats[Int(last)] == format {
      formatNumbers.append(last)
      return Int(last)
    }
    let number = numbers[format] ?? UInt32(formats.count)
    if number == formats.count {
      formats.append(format)
      numbers[format] = number
    }
    formatNumbers.append(number)
    return Int(number)
  }

  /// Sets the position of the first pixel of the image added last.
  mutating func place(at offset: Int) { offsets.append(offset) }

  /// The same positions of images that all have the first format.
  func uniform() -> ImagePositions {
    var positions = ImagePositions(imageByteCount: formats[0].byteCount)
    positions.reserveCapacity(count)
    for offset in offsets { positions.append(blockOf: 1, at: offset) }
    return positions
  }

  func format(_ index: Int) -> ImageFormat { formats[Int(formatNumbers[index])] }

  func offset(_ index: Int) -> Int { offsets[index] }
}
