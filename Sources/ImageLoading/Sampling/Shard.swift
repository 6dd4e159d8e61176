public import ImageStoreCore
internal import ImageStorePlatform

/// The share of an epoch that one of several processes takes;
/// ``SampleOrder/sharded(_:of:remainder:)`` makes it.
public struct Shard: Sendable, Hashable, Codable {
  /// How processes get equal numbers of samples if the number of samples is not a multiple of the
  /// number of processes.
  public enum Remainder: String, Sendable, Hashable, Codable, CaseIterable {
    /// The last processes take samples from the beginning of the order again.
    case `repeat`
    /// The samples at the end that are too few for one per process are left out.
    case drop
  }

  /// Which process, from 0.
  public var index: Int
  /// How many processes share the epoch.
  public var count: Int
  /// What happens to the samples at the end that are too few for one per process.
  public var remainder: Remainder

  /// The most processes that can share an epoch.
  public static let maximumCount = 1 << 30

  /// Creates a shard. It is checked when it is used.
  public init(index: Int, count: Int, remainder: Remainder = .repeat) {
    self.index = index
    self.count = count
    self.remainder = remainder
  }

  // The names in saved states, which outlive those in code.
  private enum CodingKeys: String, CodingKey {
    case index, count
    case remainder = "padding"
  }
}

/// The rank of this process among several, as set by the program that started them.
///
///     let processes = try DistributedEnvironment.current()
///     let order = SampleOrder.shuffled(seed: 42, epoch: epoch).sharded(by: processes)
public struct DistributedEnvironment: Sendable, Hashable {
  /// The number of this process among all, from 0.
  public let rank: Int
  /// How many processes there are on all machines.
  public let worldSize: Int
  /// The number of this process among those on its machine, from 0: the GPU to take.
  public let localRank: Int

  /// Creates an environment from given numbers.
  public init(rank: Int = 0, worldSize: Int = 1, localRank: Int = 0) {
    self.rank = rank
    self.worldSize = worldSize
    self.localRank = localRank
  }

  /// The variables of each launcher: rank, number of processes, rank on the machine.
  private static let launchers = [
    // torchrun and torch.distributed
    ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    // Open MPI
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    // MPICH, Intel MPI and others with Hydra
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
    // srun
    ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
  ]

  /// Reads the variables of torchrun, Open MPI, MPICH or SLURM, the first of them that is set. If
  /// none is set, this is the only process.
  ///
  /// - Parameter variable: the value of an environment variable, or nil if it is not set.
  /// - Throws: ``StoreError/Code/invalidArgument`` for variables that are not numbers or contradict one
  ///   another.
  public init(_ variable: (_ name: String) -> String?) throws(StoreError) {
    for (rankName, sizeName, localName) in Self.launchers {
      // A batch script of SLURM has SLURM_NTASKS without being one of the tasks.
      guard let rank = variable(rankName), let size = variable(sizeName) else { continue }
      var local = 0
      if let text = variable(localName) { local = try Self.number(text, localName) }
      self.init(
        rank: try Self.number(rank, rankName), worldSize: try Self.number(size, sizeName), localRank: local)
      guard worldSize >= 1 && worldSize <= Shard.maximumCount && self.rank < worldSize else {
        throw StoreError(
          .invalidArgument, "\(rankName) is \(rank) and \(sizeName) is \(size)",
          remedy: "ranks count from 0 to one less than the number of processes")
      }
      return
    }
    self.init()
  }

  /// The environment of this process.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for variables that are not numbers or contradict one
  ///   another.
  public static func current() throws(StoreError) -> DistributedEnvironment {
    try DistributedEnvironment { name in
      guard let value = unsafe getenv(name) else { return nil }
      return unsafe String(cString: value)
    }
  }

  private static func number(_ text: String, _ name: String) throws(StoreError) -> Int {
    guard let number = Int(text), number >= 0 else {
      throw StoreError(
        .invalidArgument, "the environment variable \(name) is \"\(text)\"",
        remedy: "set it to a number from 0, or unset it")
    }
    return number
  }
}
