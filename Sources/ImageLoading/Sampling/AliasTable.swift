internal import ImageStoreCore

/// Walker's table for drawing numbers by weight in constant time, built by Vose's method (1991, "A linear
/// algorithm for generating random numbers with a given distribution").
///
/// A draw picks a number at random, and keeps it with the probability `share` or else takes its `alias`.
struct AliasTable: Sendable {
  private var share: [Double]
  private var alias: [Int]

  init(_ weights: [Double]) throws(StoreError) {
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      guard weight >= 0 && weight.isFinite else {
        throw StoreError(
          .invalidArgument, "the weight \(weight) is not allowed", remedy: "give finite weights of 0 or more",
          image: index)
      }
      sum += weight
    }
    guard weights.isEmpty || (sum > 0 && sum.isFinite) else {
      throw StoreError(
        .invalidArgument, "the weights sum to \(sum)", remedy: "give at least one image a weight over 0")
    }
    let count = Double(weights.count)
    share = weights.map { $0 / sum * count }
    alias = Array(weights.indices)
    var small = share.indices.filter { share[$0] < 1 }
    var large = share.indices.filter { share[$0] >= 1 }
    while let less = small.last, let more = large.last {
      small.removeLast()
      alias[less] = more
      share[more] -= 1 - share[less]
      if share[more] < 1 {
        large.removeLast()
        small.append(more)
      }
    }
    // Only rounding leaves any here: what they lack of 1 is not the share of another. An image of weight 0
    // keeps its alias, which has weight.
    for index in small where weights[index] > 0 { share[index] = 1 }
    if let heaviest = large.last ?? weights.indices.max(by: { weights[$0] < weights[$1] }) {
      for index in small where weights[index] == 0 { alias[index] = heaviest }
    }
    for index in large { share[index] = 1 }
  }

  /// The number that two random words draw.
  @inline(__always)
  func draw(_ first: UInt64, _ second: UInt64) -> Int {
    let number = first.scaled(to: share.count)
    return Double(second >> 11) * 0x1p-53 < share[number] ? number : alias[number]
  }
}
