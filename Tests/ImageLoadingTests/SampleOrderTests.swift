import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct SampleOrderTests {
  @Test func everyImageComesOnce() throws {
    for count in Array(0...300) + [1023, 1024, 1025, 4999] {
      let indices = try SampleOrder.shuffled(seed: 5, epoch: count).indices(of: count)
      #expect(indices.count == count)
      #expect(indices.array(0..<count).sorted() == Array(0..<count), "\(count) images")
    }
  }

  @Test func everyImageComesOnceInBlocks() throws {
    var generator = SplitMix64(seed: 77)
    for _ in 0..<400 {
      let count = Int.random(in: 0...700, using: &generator)
      let blockSize = Int.random(in: 1...60, using: &generator)
      let window = Int.random(in: 1...50, using: &generator)
      let order = SampleOrder.blockShuffled(
        seed: generator.next(), epoch: 0, blockSize: blockSize, window: window)
      let indices = try order.indices(of: count)
      let all = indices.array(0..<count)
      #expect(all.sorted() == Array(0..<count), "\(count) images, \(blockSize) x \(window)")
      let start = Int.random(in: 0...count, using: &generator)
      #expect(indices.array(start..<count) == Array(all[start...]))
    }
  }

  /// Position and index are independent: a table of 20 x 20 cells over many keys.
  @Test(arguments: [2, 3, 7, 64, 1000])
  func positionsAreUniform(count: Int) throws {
    let cells = min(count, 20)
    var table = [Int](repeating: 0, count: cells * cells)
    let epochs = 20_000 / count + 200
    for epoch in 0..<epochs {
      let order = try SampleOrder.shuffled(seed: 2026, epoch: epoch).indices(of: count)
      for (position, index) in order.array(0..<count).enumerated() {
        table[position * cells / count * cells + index * cells / count] += 1
      }
    }
    var expected = [Double](repeating: 0, count: cells)
    for number in 0..<count { expected[number * cells / count] += 1 }
    var chiSquare = 0.0
    for row in 0..<cells {
      for column in 0..<cells {
        let mean = expected[row] * expected[column] / Double(count) * Double(epochs)
        let difference = Double(table[row * cells + column]) - mean
        chiSquare += difference * difference / mean
      }
    }
    // Five standard deviations over the mean of the distribution.
    let freedom = Double((cells - 1) * (cells - 1))
    #expect(chiSquare < freedom + 5 * (2 * freedom).squareRoot(), "chi-square \(chiSquare) of \(freedom)")
  }

  /// All 120 orders of five images are equally frequent.
  @Test func ordersOfFewAreUniform() throws {
    var counts: [[Int]: Int] = [:]
    let draws = 12_000
    for seed in 0..<draws {
      let order = try SampleOrder.shuffled(seed: UInt64(seed), epoch: 1).indices(of: 5)
      counts[order.array(0..<5), default: 0] += 1
    }
    let mean = Double(draws) / 120
    #expect(counts.count == 120)
    let chiSquare = counts.values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
    #expect(chiSquare < 119 + 5 * (2.0 * 119).squareRoot(), "chi-square \(chiSquare)")
  }

  /// The difference of what is at neighbouring positions is spread evenly.
  @Test func neighboursAreStrangers() throws {
    let count = 50_000
    let order = try SampleOrder.shuffled(seed: 3, epoch: 0).indices(of: count).array(0..<count)
    for distance in [1, 2, 16, 223, 224, 225] {
      var bins = [Int](repeating: 0, count: 50)
      for position in 0..<count - distance {
        bins[((order[position + distance] - order[position] + count) % count) * 50 / count] += 1
      }
      let mean = Double(count - distance) / 50
      let chiSquare = bins.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
      #expect(chiSquare < 49 + 5 * (2.0 * 49).squareRoot(), "distance \(distance): \(chiSquare)")
    }
  }

  @Test func epochsAndSeedsDiffer() throws {
    let first = try SampleOrder.shuffled(seed: 1, epoch: 0).indices(of: 1000).array(0..<1000)
    for other in [SampleOrder.shuffled(seed: 1, epoch: 1), .shuffled(seed: 2, epoch: 0)] {
      let second = try other.indices(of: 1000).array(0..<1000)
      let same = zip(first, second).count { $0 == $1 }
      #expect(same < 12, "\(same) images at the same place")
    }
  }

  @Test func weightsAreKept() throws {
    let weights = [0.0, 1, 2, 3, 0, 10, 0.5, 0]
    let draws = 60_000
    let order = SampleOrder.weighted(weights, seed: 11, epoch: 0, draws: draws)
    var counts = [Int](repeating: 0, count: weights.count)
    for index in try order.indices(of: weights.count).array(0..<draws) { counts[index] += 1 }
    let sum = weights.reduce(0, +)
    var chiSquare = 0.0
    for (count, weight) in zip(counts, weights) {
      let mean = weight / sum * Double(draws)
      guard mean > 0 else {
        #expect(count == 0)
        continue
      }
      chiSquare += (Double(count) - mean) * (Double(count) - mean) / mean
    }
    #expect(chiSquare < 4 + 5 * (2.0 * 4).squareRoot(), "chi-square \(chiSquare)")
  }

  @Test func classesAreBalanced() throws {
    // 900 images of one class, 90 of another, 10 of a third.
    let labels = (0..<1000).map { $0 < 900 ? 5 : $0 < 990 ? -1 : 7 }
    let draws = 30_000
    var counts: [Int: Int] = [:]
    var images: [Int: Int] = [:]
    let order = SampleOrder.classBalanced(seed: 4, epoch: 2, draws: draws)
    for index in try order.indices(of: 1000, labels: labels) {
      counts[labels[index], default: 0] += 1
      images[index, default: 0] += 1
    }
    let chiSquare = counts.values.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
    #expect(chiSquare < 2 + 5 * (2.0 * 2).squareRoot(), "chi-square \(chiSquare)")
    #expect((990..<1000).allSatisfy { abs((images[$0] ?? 0) - 1000) < 160 })
  }

  @Test func nonsenseIsRefused() {
    let orders: [SampleOrder] = [
      .blockShuffled(seed: 0, epoch: 0, blockSize: 0, window: 1),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 1, window: -1),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 0, window: 1, lanes: 1),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 1, window: 4, lanes: 0),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 1, window: 4, lanes: -1),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 1, window: 4, lanes: 5),
      .blockShuffled(seed: 0, epoch: 0, blockSize: 1, window: .max, lanes: .max),
      .blockShuffled(seed: 0, epoch: 0, lanes: 4),
      .weighted([1], seed: 0, epoch: 0), .weighted([0, 0, 0], seed: 0, epoch: 0),
      .weighted([1, -1, 1], seed: 0, epoch: 0), .weighted([1, .nan, 1], seed: 0, epoch: 0),
      .weighted([1, 1, 1], seed: 0, epoch: 0, draws: -1), .classBalanced(seed: 0, epoch: 0),
      .sequential.sharded(2, of: 2), .sequential.sharded(-1, of: 2), .sequential.sharded(0, of: 0),
      .sequential.sharded(0, of: .max),
    ]
    for order in orders {
      let error = #expect(throws: StoreError.self) { _ = try order.indices(of: 3) }
      #expect(error?.code == .invalidArgument, "\(order)")
    }
    #expect(throws: StoreError.self) { _ = try SampleOrder.sequential.indices(of: 3, from: 4) }
    #expect(throws: StoreError.self) { _ = try SampleOrder.sequential.indices(of: -1) }
  }

  @Test func extremeSizesAreFound() throws {
    let count = 1 << 62
    let order = try SampleOrder.shuffled(seed: 1, epoch: 1).indices(of: count)
    var seen: Set<Int> = []
    for position in [0, 1, count / 2, count - 1] { seen.insert(order[position]) }
    #expect(seen.count == 4 && seen.allSatisfy { $0 >= 0 && $0 < count })
    let blocks = SampleOrder.blockShuffled(seed: 1, epoch: 1, blockSize: .max, window: .max)
    #expect(try Array(blocks.indices(of: 10)).sorted() == Array(0..<10))
    let lanes = SampleOrder.blockShuffled(seed: 1, epoch: 1, blockSize: .max, window: .max, lanes: 1 << 20)
    #expect(try Array(lanes.indices(of: 10)).sorted() == Array(0..<10))
    let far = SampleOrder.blockShuffled(seed: 1, epoch: 1, blockSize: 1 << 40, window: 512, lanes: 64)
    let indices = try far.indices(of: count)
    seen = []
    for position in [0, 1, count / 2, count - 1] { seen.insert(indices[position]) }
    #expect(seen.count == 4 && seen.allSatisfy { $0 >= 0 && $0 < count })
  }
}
