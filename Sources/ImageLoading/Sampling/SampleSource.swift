/// What stands at each position of an epoch: an order and the number of images brought together.
enum SampleSource: Sendable {
  case sequential(count: Int)
  case permutation(KeyedPermutation, count: Int)
  case blocks(BlockShuffle)
  case weighted(AliasTable, key: RandomKey, draws: Int)
  case classes(ClassMembers, key: RandomKey, draws: Int)

  /// The number of positions.
  var count: Int {
    switch self {
    case .sequential(let count), .permutation(_, let count): count
    case .blocks(let shuffle): shuffle.count
    case .weighted(_, _, let draws), .classes(_, _, let draws): draws
    }
  }

  /// Writes the indices at the positions `first`, `first + stride` and so on, all in `0..<count`.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, first: Int, stride: Int) {
    switch self {
    case .sequential:
      for place in results.indices { unsafe results[place] = first &+ place &* stride }
    case .permutation(let permutation, _):
      unsafe permutation.fill(results, first: first, stride: stride)
    case .blocks(let shuffle):
      unsafe shuffle.fill(results, first: first, stride: stride)
    case .weighted(let table, let key, _):
      for place in results.indices {
        let draw = UInt64(truncatingIfNeeded: first &+ place &* stride)
        unsafe results[place] = table.draw(key.word(2 &* draw), key.word(2 &* draw &+ 1))
      }
    case .classes(let members, let key, _):
      for place in results.indices {
        let draw = UInt64(truncatingIfNeeded: first &+ place &* stride)
        unsafe results[place] = members.draw(key.word(2 &* draw), key.word(2 &* draw &+ 1))
      }
    }
  }
}
