internal import ImageStoreCore

/// Windows of blocks, one from each stratum of the file; see `Docs/SampleOrder.md`.
struct BlockShuffle: Sendable {
  let count: Int
  private let blockSize: Int
  /// Images of a window none of whose blocks is short.
  private let windowCount: Int
  /// The window that has the last block of the file, and how many images that block lacks.
  private let shortWindow: Int
  private let deficit: Int
  /// Where the images of `shortWindow` end.
  private let shortWindowEnd: Int
  private let strata: [Stratum]
  /// The strata that have one block more than the others.
  private let longStrata: [Int]
  private let windows: Int
  private let shortOrder: KeyedPermutation
  private let longOrder: KeyedPermutation
  private let windowKey: RandomKey

  /// Neighbouring blocks, of which each window takes one.
  private struct Stratum: Sendable {
    let start: Int
    let blocks: Int
    let rotation: Int
  }

  init(
    count: Int, seed: UInt64, epoch: Int, blockSize: Int, window: Int
  ) throws(StoreError) {
    guard blockSize > 0 && window > 0 else {
      throw StoreError(
        .invalidArgument, "blocks of \(blockSize) images in windows of \(window) blocks",
        remedy: "give at least 1 of each")
    }
    self.count = count
    let blockSize = min(blockSize, Swift.max(count, 1))
    self.blockSize = blockSize
    let blocks = Swift.max(count / blockSize + (count % blockSize == 0 ? 0 : 1), 1)
    // As many windows as are needed, each with about as many blocks as any other.
    let atLeast = (blocks - 1) / min(window, blocks) + 1
    let strataCount = (blocks - 1) / atLeast + 1
    windows = (blocks - 1) / strataCount + 1
    windowCount = strataCount * blockSize
    let key = RandomKey(seed: seed, epoch: epoch, purpose: .blocks)
    windowKey = RandomKey(seed: seed, epoch: epoch, purpose: .window)
    var strata: [Stratum] = []
    strata.reserveCapacity(strataCount)
    var long: [Int] = []
    // The block where stratum j begins, floor(j * blocks / strataCount), without a product that overflows.
    let (size, rest) = blocks.quotientAndRemainder(dividingBy: strataCount)
    var start = 0
    var fraction = 0
    for number in 0..<strataCount {
      fraction += rest
      let isLong = fraction >= strataCount
      if isLong { fraction -= strataCount }
      let length = size + (isLong ? 1 : 0)
      if isLong { long.append(number) }
      strata.append(
        Stratum(
          start: start, blocks: length, rotation: key.word(UInt64(number)).scaled(to: length)))
      start += length
    }
    self.strata = strata
    longStrata = long
    shortOrder = KeyedPermutation(count: size, key: key.part(-1))
    longOrder = KeyedPermutation(count: size + 1, key: key.part(-2))
    deficit = blocks * blockSize - count
    let last = strata[strataCount - 1]
    let lastOrder = last.blocks == size ? shortOrder : longOrder
    shortWindow = lastOrder.position(of: (last.blocks - 1 - last.rotation + last.blocks) % last.blocks)
    let blocksOfShort = shortWindow < size ? strataCount : long.count
    shortWindowEnd = shortWindow * windowCount + blocksOfShort * blockSize - deficit
  }

  /// Writes the indices at the positions `first`, `first + stride` and so on, all in `0..<count`.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, first: Int, stride: Int) {
    var done = 0
    while done < results.count {
      let position = first + done * stride
      let window = (position < shortWindowEnd ? position : position + deficit) / windowCount
      // Positions of the window that has the short block, which is its last, count as in any other.
      let start = window * windowCount - (window > shortWindow ? deficit : 0)
      let isLast = window >= windows - 1
      let end = isLast ? count : start + windowCount - (window == shortWindow ? deficit : 0)
      let run = min(results.count - done, (end - position - 1) / stride + 1)
      let part = unsafe UnsafeMutableBufferPointer(rebasing: results[done..<done + run])
      let mix = KeyedPermutation(count: end - start, key: windowKey.part(window))
      unsafe mix.fill(part, first: position - start, stride: stride)
      unsafe resolve(part, in: window)
      done += run
    }
  }

  /// The position at which the window of a position ends.
  func windowEnd(of position: Int) -> Int {
    let window = (position < shortWindowEnd ? position : position + deficit) / windowCount
    guard window < windows - 1 else { return count }
    return (window + 1) * windowCount - (window >= shortWindow ? deficit : 0)
  }

  /// The images of the window of a position, in the order of the file.
  func imagesOfWindow(of position: Int) -> [Int] {
    let window = (position < shortWindowEnd ? position : position + deficit) / windowCount
    let size = strata[strata.count - 1].blocks - (longStrata.isEmpty ? 0 : 1)
    let isRest = window >= size
    let inShort = isRest ? 0 : shortOrder[window]
    let inLong = longOrder[window]
    var images: [Int] = []
    images.reserveCapacity(windowCount)
    for slot in 0..<(isRest ? longStrata.count : strata.count) {
      let stratum = strata[isRest ? longStrata[slot] : slot]
      let block = ((stratum.blocks == size ? inShort : inLong) + stratum.rotation) % stratum.blocks
      let start = (stratum.start + block) * blockSize
      images.append(contentsOf: start..<Swift.min(start + blockSize, count))
    }
    return images
  }

  /// Turns positions within a window into indices of images, in place.
  private func resolve(_ positions: UnsafeMutableBufferPointer<Int>, in window: Int) {
    // A window past the shorter strata has only blocks of the longer ones.
    let size = strata[strata.count - 1].blocks - (longStrata.isEmpty ? 0 : 1)
    let isRest = window >= size
    let inShort = isRest ? 0 : shortOrder[window]
    let inLong = longOrder[window]
    for offset in positions.indices {
      let (slot, image) = unsafe positions[offset].quotientAndRemainder(dividingBy: blockSize)
      let stratum = strata[isRest ? longStrata[slot] : slot]
      var block = (stratum.blocks == size ? inShort : inLong) + stratum.rotation
      if block >= stratum.blocks { block -= stratum.blocks }
      unsafe positions[offset] = (stratum.start + block) * blockSize + image
    }
  }
}
