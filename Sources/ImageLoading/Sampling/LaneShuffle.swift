internal import ImageStoreCore

/// A blocked shuffle whose positions take turns among lanes, each of which has blocks of its own;
/// see `Docs/SampleOrder.md`.
struct LaneShuffle: Sendable {
  let count: Int
  let lanes: Int
  private let blockSize: Int
  private let strata: BlockStrata
  private let windowKey: RandomKey
  /// Images of a window that has a block of every stratum, and how many such windows there are.
  private let windowCount: Int
  private let windows: Int
  /// The images of whole blocks. Those after them are too few for a block.
  private let blockedCount: Int
  /// Where the images of each lane begin among those of the last window.
  private let restStarts: [Int]

  /// The most lanes that an order may have.
  static let maximumLanes = 1 << 20

  init(
    count: Int, seed: UInt64, epoch: Int, blockSize: Int, window: Int, lanes: Int
  ) throws(StoreError) {
    guard blockSize > 0 && window > 0 else {
      throw StoreError(
        .invalidArgument, "blocks of \(blockSize) images in windows of \(window) blocks are not possible",
        remedy: "give at least 1 of each")
    }
    guard lanes > 0 && lanes <= Self.maximumLanes && lanes <= window else {
      throw StoreError(
        .invalidArgument, "\(lanes) lanes in windows of \(window) blocks are not possible",
        remedy: "give from 1 to \(Self.maximumLanes) lanes, and at least as many blocks per window")
    }
    self.count = count
    self.lanes = lanes
    self.blockSize = blockSize
    let blocks = count / blockSize
    blockedCount = blocks * blockSize
    // As in a shuffle without lanes, but every lane has equally many strata.
    let blocksPerLane = blocks / lanes + (blocks % lanes == 0 ? 0 : 1)
    let most = window / lanes
    let atLeast = Swift.max(1, blocksPerLane / most + (blocksPerLane % most == 0 ? 0 : 1))
    let perLane = Swift.max(1, blocksPerLane / atLeast + (blocksPerLane % atLeast == 0 ? 0 : 1))
    strata = BlockStrata(
      blocks: blocks, count: perLane * lanes, key: RandomKey(seed: seed, epoch: epoch, purpose: .blocks))
    windowKey = RandomKey(seed: seed, epoch: epoch, purpose: .window)
    windows = strata.size
    windowCount = windows > 0 ? perLane * lanes * blockSize : Int.max
    let rest = windows > 0 ? count - windows * windowCount : count
    var starts = [Int](repeating: 0, count: lanes)
    var start = 0
    for lane in Self.turned(lanes) {
      starts[lane] = start
      start += Self.share(of: lane, in: rest, lanes: lanes)
    }
    restStarts = starts
  }

  /// How many of some positions a lane has.
  private static func share(of lane: Int, in positions: Int, lanes: Int) -> Int {
    positions / lanes + (lane < positions % lanes ? 1 : 0)
  }

  /// The lanes, ordered so that those of a process are together: by the digits of their numbers,
  /// the lowest first, to the bases of the prime factors of the number of lanes, the smallest for
  /// the lowest digit.
  private static func turned(_ lanes: Int) -> [Int] {
    var order = [0]
    var (rest, place, factor) = (lanes, 1, 2)
    var digits: [(factor: Int, place: Int)] = []
    while rest > 1 {
      if factor * factor > rest { factor = rest }
      guard rest % factor == 0 else {
        factor += 1
        continue
      }
      digits.append((factor, place))
      place *= factor
      rest /= factor
    }
    for digit in digits {
      var next: [Int] = []
      next.reserveCapacity(order.count * digit.factor)
      for lane in order {
        for value in 0..<digit.factor { next.append(lane + value * digit.place) }
      }
      order = next
    }
    return order
  }

  /// The window of a position, and the positions it has.
  private func window(of position: Int) -> (number: Int, positions: Range<Int>) {
    let number = Swift.min(position / windowCount, windows)
    guard number < windows else { return (number, (windows == 0 ? 0 : number * windowCount)..<count) }
    return (number, number * windowCount..<(number + 1) * windowCount)
  }

  /// Writes the indices at the positions `first`, `first + stride` and so on, all in `0..<count`.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, first: Int, stride: Int) {
    var done = 0
    while done < results.count {
      let position = first + done * stride
      let (number, positions) = window(of: position)
      let run = min(results.count - done, (positions.upperBound - position - 1) / stride + 1)
      let part = unsafe UnsafeMutableBufferPointer(rebasing: results[done..<done + run])
      unsafe fill(part, in: number, of: positions, first: position - positions.lowerBound, stride: stride)
      done += run
    }
  }

  /// The same for positions of one window, which count from its beginning. Every window begins with lane 0.
  private func fill(
    _ results: UnsafeMutableBufferPointer<Int>, in number: Int, of positions: Range<Int>, first: Int,
    stride: Int
  ) {
    // After this many results the same lane takes its turn again.
    let turn = lanes / Self.greatestCommonDivisor(stride, lanes)
    let strideInLane = stride / (lanes / turn)
    let window = strata.window(number)
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: (results.count - 1) / turn + 1) { buffer in
      for offset in 0..<min(turn, results.count) {
        let (item, lane) = (first + offset * stride).quotientAndRemainder(dividingBy: lanes)
        let items = unsafe UnsafeMutableBufferPointer(
          rebasing: buffer[..<((results.count - 1 - offset) / turn + 1)])
        let mix = KeyedPermutation(
          count: Self.share(of: lane, in: positions.count, lanes: lanes),
          key: windowKey.part(number).part(lane))
        unsafe mix.fill(items, first: item, stride: strideInLane)
        for index in items.indices {
          unsafe results[offset + index * turn] =
            number < windows
            ? image(items[index], of: lane, in: window) : restImage(restStarts[lane] + items[index], window)
        }
      }
    }
  }

  /// An image of a lane's blocks in a window that has a block of every stratum.
  @inline(__always)
  private func image(_ item: Int, of lane: Int, in window: BlockStrata.Window) -> Int {
    let (block, image) = item.quotientAndRemainder(dividingBy: blockSize)
    return strata.block(block * lanes + lane, of: window) * blockSize + image
  }

  /// An image of the last window: first from the rest of the longer strata, then from the images
  /// that are too few for a block.
  @inline(__always)
  private func restImage(_ item: Int, _ window: BlockStrata.Window) -> Int {
    let (slot, image) = item.quotientAndRemainder(dividingBy: blockSize)
    guard slot < strata.longCount else { return blockedCount + item - strata.longCount * blockSize }
    return strata.block(slot, of: window) * blockSize + image
  }

  /// The position at which the window of a position ends.
  func windowEnd(of position: Int) -> Int { window(of: position).positions.upperBound }

  /// The images of the window of a position that a process has which takes every `stride`-th
  /// position from there on, in the order of the file.
  func imagesOfWindow(of position: Int, stride: Int) -> [Int] {
    let (number, positions) = window(of: position)
    let window = strata.window(number)
    let share = Self.greatestCommonDivisor(stride, lanes)
    let first = position % share
    var images: [Int] = []
    images.reserveCapacity(positions.count / share + lanes)
    if number < windows {
      for slot in Swift.stride(from: first, to: strata.count, by: share) {
        let start = strata.block(slot, of: window) * blockSize
        images.append(contentsOf: start..<start + blockSize)
      }
    } else {
      for lane in Swift.stride(from: first, to: lanes, by: share) {
        let start = restStarts[lane]
        let end = start + Self.share(of: lane, in: positions.count, lanes: lanes)
        for item in start..<end { images.append(restImage(item, window)) }
      }
      images.sort()
    }
    return images
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
