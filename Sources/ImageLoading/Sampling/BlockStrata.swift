/// Blocks divided into strata of neighbours; a window has one block of each stratum; see
/// `Docs/SampleOrder.md`.
struct BlockStrata: Sendable {
  /// Neighbouring blocks, of which each window takes one.
  private struct Stratum: Sendable {
    let start: Int
    let blocks: Int
    let rotation: Int
  }

  /// The number of blocks in the shorter strata. This many windows have a block of every stratum.
  let size: Int
  private let strata: [Stratum]
  /// The strata that have one block more than the others.
  private let long: [Int]
  private let shortOrder: KeyedPermutation
  private let longOrder: KeyedPermutation

  /// - Precondition: there is at least one stratum.
  init(blocks: Int, count: Int, key: RandomKey) {
    var strata: [Stratum] = []
    strata.reserveCapacity(count)
    var long: [Int] = []
    // The block where stratum j begins, floor(j * blocks / count), without a product that overflows.
    let (size, rest) = blocks.quotientAndRemainder(dividingBy: count)
    var start = 0
    var fraction = 0
    for number in 0..<count {
      fraction += rest
      let isLong = fraction >= count
      if isLong { fraction -= count }
      let length = size + (isLong ? 1 : 0)
      if isLong { long.append(number) }
      strata.append(
        Stratum(
          start: start, blocks: length, rotation: key.word(UInt64(number)).scaled(to: length)))
      start += length
    }
    self.size = size
    self.strata = strata
    self.long = long
    shortOrder = KeyedPermutation(count: size, key: key.part(-1))
    longOrder = KeyedPermutation(count: size + 1, key: key.part(-2))
  }

  /// How many strata there are.
  var count: Int { strata.count }
  /// How many strata have one block more than the others.
  var longCount: Int { long.count }

  /// Which block of its strata a window has.
  struct Window {
    /// A window past the shorter strata has only blocks of the longer ones.
    fileprivate let isRest: Bool
    fileprivate let inShort: Int
    fileprivate let inLong: Int
  }

  func window(_ number: Int) -> Window {
    let isRest = number >= size
    return Window(isRest: isRest, inShort: isRest ? 0 : shortOrder[number], inLong: longOrder[number])
  }

  /// How many blocks a window has.
  func blockCount(of window: Window) -> Int { window.isRest ? long.count : strata.count }

  /// The number of a window's block, the blocks of a window in the order of the strata.
  @inline(__always)
  func block(_ slot: Int, of window: Window) -> Int {
    let stratum = strata[window.isRest ? long[slot] : slot]
    var block = (stratum.blocks == size ? window.inShort : window.inLong) + stratum.rotation
    if block >= stratum.blocks { block -= stratum.blocks }
    return stratum.start + block
  }

  /// The window that has the last of all blocks.
  var windowOfLastBlock: Int {
    let last = strata[strata.count - 1]
    let order = last.blocks == size ? shortOrder : longOrder
    return order.position(of: (last.blocks - 1 - last.rotation + last.blocks) % last.blocks)
  }
}
