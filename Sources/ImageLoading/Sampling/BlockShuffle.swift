internal import ImageStoreCore

/// Windows of blocks, with one block from each stratum of the file; see `Docs/SampleOrder.md`.
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
  private let strata: BlockStrata
  private let windows: Int
  private let windowKey: RandomKey

  init(
    count: Int, seed: UInt64, epoch: Int, blockSize: Int, window: Int
  ) throws(StoreError) {
    guard blockSize > 0 && window > 0 else {
      throw StoreError(
        .invalidArgument, "blocks of \(blockSize) images in windows of \(window) blocks are not possible",
        remedy: "give at least 1 of each")
    }
    self.count = count
    let blockSize = min(blockSize, Swift.max(count, 1))
    self.blockSize = blockSize
    let blocks = Swift.max(count / blockSize + (count % blockSize == 0 ? 0 : 1), 1)
    // The number of windows that is needed, each with about the same number of blocks.
    let atLeast = (blocks - 1) / min(window, blocks) + 1
    let strataCount = (blocks - 1) / atLeast + 1
    windows = (blocks - 1) / strataCount + 1
    windowCount = strataCount * blockSize
    strata = BlockStrata(
      blocks: blocks, count: strataCount, key: RandomKey(seed: seed, epoch: epoch, purpose: .blocks))
    windowKey = RandomKey(seed: seed, epoch: epoch, purpose: .window)
    deficit = blocks * blockSize - count
    shortWindow = strata.windowOfLastBlock
    let blocksOfShort = shortWindow < strata.size ? strataCount : strata.longCount
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
      unsafe resolve(part, in: strata.window(window))
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
    let window = strata.window((position < shortWindowEnd ? position : position + deficit) / windowCount)
    var images: [Int] = []
    images.reserveCapacity(windowCount)
    for slot in 0..<strata.blockCount(of: window) {
      let start = strata.block(slot, of: window) * blockSize
      images.append(contentsOf: start..<Swift.min(start + blockSize, count))
    }
    return images
  }

  /// Turns positions within a window into indices of images, in place.
  private func resolve(_ positions: UnsafeMutableBufferPointer<Int>, in window: BlockStrata.Window) {
    for offset in positions.indices {
      let (slot, image) = unsafe positions[offset].quotientAndRemainder(dividingBy: blockSize)
      unsafe positions[offset] = strata.block(slot, of: window) * blockSize + image
    }
  }
}
