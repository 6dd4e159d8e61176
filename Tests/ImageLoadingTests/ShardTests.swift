import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ShardTests {
  static let orders: [SampleOrder] = [
    .sequential, .shuffled(seed: 9, epoch: 4),
    .blockShuffled(seed: 9, epoch: 4, blockSize: 7, window: 5),
    .blockShuffled(seed: 9, epoch: 4, blockSize: 3, window: 13, lanes: 6),
    .weighted((0..<100).map(Double.init), seed: 9, epoch: 4, draws: 333),
    .classBalanced(seed: 9, epoch: 4),
  ]

  /// What all ranks have, taken in turn.
  func joined(_ order: SampleOrder, ranks: Int, remainder: Shard.Remainder, from start: Int = 0) throws
    -> [Int]
  {
    let parts = try (0..<ranks).map {
      let indices = try order.sharded($0, of: ranks, remainder: remainder).indices(
        of: 100, labels: (0..<100).map { $0 % 3 }, from: start)
      return indices.array(0..<indices.count)
    }
    #expect(Set(parts.map(\.count)).count == 1)
    return parts[0].indices.flatMap { step in parts.map { $0[step] } }
  }

  @Test(arguments: [1, 2, 3, 8, 150])
  func theJoinedStreamIsTheOrder(ranks: Int) throws {
    for order in Self.orders {
      let one = try joined(order, ranks: 1, remainder: .drop)
      let dropped = try joined(order, ranks: ranks, remainder: .drop)
      #expect(dropped == Array(one[..<(one.count / ranks * ranks)]))
      let padded = try joined(order, ranks: ranks, remainder: .repeat)
      let length = (one.count + ranks - 1) / ranks * ranks
      #expect(padded == (0..<length).map { one[$0 % one.count] })
    }
  }

  @Test func anotherNumberOfRanksTakesOver() throws {
    for order in Self.orders {
      let one = try joined(order, ranks: 1, remainder: .drop)
      let indices = try order.sharded(1, of: 3).indices(of: 100, labels: (0..<100).map { $0 % 3 })
      let position = indices.globalPosition(after: 10)
      #expect(position == 30)
      let rest = try joined(order, ranks: 8, remainder: .drop, from: position)
      #expect(rest == Array(one[30..<30 + (one.count - 30) / 8 * 8]))
    }
  }

  @Test func anOrderWithoutImagesHasNoSteps() throws {
    #expect(try SampleOrder.shuffled(seed: 1, epoch: 0).sharded(1, of: 2).indices(of: 0).count == 0)
  }

  @Test func ordersAreSaved() throws {
    let extreme = SampleOrder.shuffled(seed: .max, epoch: -3).sharded(2, of: 5, remainder: .drop)
    for order in Self.orders + [extreme] {
      let data = try JSONEncoder().encode(order)
      #expect(try JSONDecoder().decode(SampleOrder.self, from: data) == order)
    }
  }

  @Test func anEnvironmentIsAShard() {
    let environment = DistributedEnvironment(rank: 2, worldSize: 5)
    let order = SampleOrder.shuffled(seed: 1, epoch: 0)
    #expect(order.sharded(by: environment) == order.sharded(2, of: 5))
    #expect(order.sharded(by: environment).unsharded == order)
    let state = LoaderState(order: order, imageCount: 9, position: 3)
    #expect(state.sharded(by: environment, remainder: .drop).order.shard?.remainder == .drop)
  }
}

@Suite struct DistributedEnvironmentTests {
  @Test(arguments: [
    (["RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"], 3, 8, 1),
    (
      [
        "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "0",
      ], 1, 2, 0
    ),
    (["PMI_RANK": "5", "PMI_SIZE": "6", "MPI_LOCALRANKID": "2"], 5, 6, 2),
    (["SLURM_PROCID": "7", "SLURM_NTASKS": "16", "SLURM_LOCALID": "3"], 7, 16, 3),
    (["SLURM_NTASKS": "16"], 0, 1, 0), ([:], 0, 1, 0),
  ])
  func launchersAreRead(variables: [String: String], rank: Int, count: Int, local: Int) throws {
    let ranks = try DistributedEnvironment { variables[$0] }
    #expect(ranks == DistributedEnvironment(rank: rank, worldSize: count, localRank: local))
  }

  @Test(arguments: [("8", "8"), ("-1", "2"), ("x", "2"), ("0", "0"), ("0", "")])
  func nonsenseIsRefused(rank: String, count: String) {
    let error = #expect(throws: StoreError.self) {
      _ = try DistributedEnvironment { ["RANK": rank, "WORLD_SIZE": count][$0] }
    }
    #expect(error?.code == .invalidArgument)
  }
}
