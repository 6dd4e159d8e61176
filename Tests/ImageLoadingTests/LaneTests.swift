import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import ImageLoading

@Suite struct LaneTests {
  /// An order with lanes over some images.
  struct Case: CustomStringConvertible {
    var count: Int, seed: UInt64, blockSize: Int, window: Int, lanes: Int

    init(_ generator: inout SplitMix64) {
      count = Int.random(in: 0...900, using: &generator)
      seed = generator.next()
      blockSize = Int.random(in: 1...40, using: &generator)
      lanes = Int.random(in: 1...24, using: &generator)
      window = Int.random(in: lanes...(4 * lanes + 3), using: &generator)
    }

    var order: SampleOrder {
      .blockShuffled(seed: seed, epoch: 3, blockSize: blockSize, window: window, lanes: lanes)
    }

    var description: String {
      "\(count) images, seed \(seed), blocks of \(blockSize), windows of \(window), \(lanes) lanes"
    }

    /// The numbers of processes that have whole lanes.
    var divisors: [Int] { (1...lanes).filter { lanes % $0 == 0 } }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func everyImageComesOnceAndAnyPositionIsFoundAtOnce(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let lanes = Case(&generator)
      let indices = try lanes.order.indices(of: lanes.count)
      let all = indices.array(0..<lanes.count)
      #expect(all.sorted() == Array(0..<lanes.count), "\(lanes)")
      let start = Int.random(in: 0...lanes.count, using: &generator)
      #expect(indices.array(start..<lanes.count) == Array(all[start...]), "\(lanes) from \(start)")
      #expect(Array(indices) == all, "\(lanes) one by one")
    }
  }

  /// Which images each process has, in its order.
  private func parts(
    _ lanes: Case, of processes: Int, from start: Int = 0, _ remainder: Shard.Remainder
  ) throws -> [[Int]] {
    try (0..<processes).map {
      let indices = try lanes.order.sharded($0, of: processes, remainder: remainder).indices(
        of: lanes.count, from: start)
      return indices.array(0..<indices.count)
    }
  }

  @Test(arguments: [UInt64(4), 5])
  func theStreamIsTheSameForEveryNumberOfProcesses(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<40 {
      let lanes = Case(&generator)
      let one = try parts(lanes, of: 1, .drop)[0]
      for processes in lanes.divisors + [Int.random(in: 1...50, using: &generator)] {
        let start = Int.random(in: 0...lanes.count, using: &generator)
        for remainder in Shard.Remainder.allCases {
          let parts = try parts(lanes, of: processes, from: start, remainder)
          let rest = lanes.count - start
          let length = remainder == .drop ? rest / processes : (rest + processes - 1) / processes
          #expect(parts.allSatisfy { $0.count == length }, "\(lanes), \(processes) processes from \(start)")
          let joined = (0..<length).flatMap { step in parts.map { $0[step] } }
          let expected = (0..<length * processes).map { one[(start + $0) % one.count] }
          #expect(joined == expected, "\(lanes), \(processes) processes from \(start)")
        }
      }
    }
  }

  /// Two processes have images of one block only when the last window is cut.
  @Test(arguments: [UInt64(6), 7])
  func processesHaveBlocksOfTheirOwn(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let lanes = Case(&generator)
      let all = (lanes.count + lanes.blockSize - 1) / lanes.blockSize
      for processes in lanes.divisors {
        let blocks = try parts(lanes, of: processes, .drop).map { Set($0.map { $0 / lanes.blockSize }) }
        #expect(
          blocks.reduce(0) { $0 + $1.count } <= all + lanes.lanes, "\(lanes), \(processes) processes")
      }
    }
  }

  /// What all processes together fetch, for numbers as they are.
  @Test(arguments: [(64, 1), (64, 2), (64, 4), (64, 8), (96, 24), (60, 4), (60, 12)])
  func togetherTheyReadTheFileOnce(lanes: Int, processes: Int) throws {
    let (count, blockSize) = (100_003, 25)
    let order = SampleOrder.blockShuffled(
      seed: 42, epoch: 1, blockSize: blockSize, window: 512, lanes: lanes)
    var touched = 0
    for process in 0..<processes {
      let indices = try order.sharded(process, of: processes).indices(of: count)
      touched += Set(indices.array(0..<indices.count).map { $0 / blockSize }).count
    }
    let all = (count + blockSize - 1) / blockSize
    #expect(Double(touched) <= 1.02 * Double(all), "\(touched) of \(all) blocks")
    #expect(touched >= all)
  }

  /// A cache of its part serves a process in every epoch.
  @Test func aProcessHasNearlyTheSameBlocksInEveryEpoch() throws {
    func blocks(_ epoch: Int) throws -> Set<Int> {
      let order = SampleOrder.blockShuffled(seed: 42, epoch: epoch, blockSize: 25, window: 512, lanes: 64)
      return Set(try order.sharded(3, of: 8).indices(of: 100_000).map { $0 / 25 })
    }
    let first = try blocks(0)
    #expect(try blocks(1).subtracting(first).count < first.count / 4)
  }

  @Test(arguments: [UInt64(8), 9])
  func theImagesOfAWindowAreThoseThatTheProcessesPositionsHave(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let lanes = Case(&generator)
      for processes in lanes.divisors {
        let process = Int.random(in: 0..<processes, using: &generator)
        let indices = try lanes.order.sharded(process, of: processes, remainder: .drop).indices(
          of: lanes.count)
        #expect(!indices.sharesWindows)
        var position = 0
        while position < indices.count {
          let end = try #require(indices.windowEnd(of: position))
          let images = try #require(indices.imagesOfWindow(of: position))
          let expected = indices.array(position..<end).sorted()
          // The positions at the end that are too few for one per process belong to no process.
          let isLast = end == indices.count && lanes.count % processes != 0
          #expect(
            isLast
              ? Set(images).isSuperset(of: expected) && images.count <= expected.count + 1
              : images == expected,
            "\(lanes), process \(process) of \(processes) at \(position)")
          guard end > position else { return }
          position = end
        }
      }
      let other = lanes.lanes + 1
      #expect(try lanes.order.sharded(0, of: other).indices(of: lanes.count).sharesWindows)
    }
  }

  /// 20 classes of 1,000 images one after another mix as well as without lanes.
  @Test(arguments: [(50, 40, 8), (16, 128, 64), (100, 100, 20), (8, 300, 60), (8, 300, 300)])
  func lanesMixSortedClasses(blockSize: Int, window: Int, lanes: Int) throws {
    func ratio(_ order: SampleOrder) throws -> Double {
      try #require(
        try order.quality(of: 20_000, labels: ShuffleQualityTests.sorted, batchSize: 256).classShareRatio)
    }
    let with = try ratio(
      .blockShuffled(seed: 1, epoch: 0, blockSize: blockSize, window: window, lanes: lanes))
    let without = try ratio(.blockShuffled(seed: 1, epoch: 0, blockSize: blockSize, window: window))
    #expect(with < without + 0.02, "\(with) with \(lanes) lanes, \(without) without")
    let distance = try SampleOrder.blockShuffled(
      seed: 1, epoch: 0, blockSize: blockSize, window: window, lanes: lanes
    ).quality(of: 20_000, batchSize: 256).meanDisplacement
    #expect(abs(distance - 1.0 / 3) < 0.03, "\(distance)")
  }

  /// Within a window, every position may have every image of its lane: positions and images are independent.
  @Test func lanesAreShuffledUniformly() throws {
    // One window of 4 lanes with 2 blocks of 8 images each.
    var table = [Int](repeating: 0, count: 64 * 64)
    let epochs = 1000
    for epoch in 0..<epochs {
      let order = SampleOrder.blockShuffled(seed: 5, epoch: epoch, blockSize: 8, window: 8, lanes: 4)
      for (position, image) in try order.indices(of: 64).array(0..<64).enumerated() {
        table[position * 64 + image] += 1
      }
    }
    let mean = Double(epochs) / 16
    var chiSquare = 0.0
    for position in 0..<64 {
      for image in 0..<64 {
        let isOfLane = image / 8 % 4 == position % 4
        #expect(isOfLane || table[position * 64 + image] == 0)
        guard isOfLane else { continue }
        let difference = Double(table[position * 64 + image]) - mean
        chiSquare += difference * difference / mean
      }
    }
    let freedom = 4.0 * 15 * 15
    #expect(chiSquare < freedom + 5 * (2 * freedom).squareRoot(), "chi-square \(chiSquare) of \(freedom)")
  }

  @Test func blocksFollowFromTheStore() throws {
    let store = try makeStore(count: 3000, height: 32, width: 32)
    let order = SampleOrder.blockShuffled(seed: 4, epoch: 2, lanes: 16)
    #expect(
      try order.resolved(for: store)
        == .blockShuffled(seed: 4, epoch: 2, blockSize: 42, window: 128, lanes: 16))
    let many = SampleOrder.blockShuffled(seed: 4, epoch: 2, lanes: 1000).sharded(1, of: 8)
    #expect(
      try many.resolved(for: store)
        == .blockShuffled(seed: 4, epoch: 2, blockSize: 42, window: 1000, lanes: 1000).sharded(1, of: 8))
    #expect(!order.drawsWithReplacement && order.seedAndEpoch == (4, 2))
  }
}
