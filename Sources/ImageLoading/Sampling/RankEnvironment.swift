public import ImageStoreCore

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Which of several processes this is, as the program that started them says.
///
///     let ranks = try RankEnvironment.current()
///     let order = SampleOrder.shuffled(seed: 42, epoch: epoch).rank(ranks.rank, of: ranks.count)
public struct RankEnvironment: Sendable, Hashable {
  /// The number of this process among all, from 0.
  public let rank: Int
  /// How many processes there are on all machines.
  public let count: Int
  /// The number of this process among those on its machine, from 0: the GPU to take.
  public let localRank: Int

  /// States the place of a process that the environment does not tell.
  public init(rank: Int = 0, count: Int = 1, localRank: Int = 0) {
    self.rank = rank
    self.count = count
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

  /// Reads the variables of torchrun, Open MPI, MPICH or SLURM, the first of them that is there; one
  /// process alone where none is.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for variables that are not numbers or contradict one
  ///   another.
  public init(_ variable: (_ name: String) -> String?) throws(StoreError) {
    for (rankName, countName, localName) in Self.launchers {
      // A batch script of SLURM has SLURM_NTASKS without being one of the tasks.
      guard let rank = variable(rankName), let count = variable(countName) else { continue }
      var local = 0
      if let text = variable(localName) { local = try Self.number(text, localName) }
      self.init(
        rank: try Self.number(rank, rankName), count: try Self.number(count, countName),
        localRank: local)
      guard self.count >= 1 && self.count <= Rank.maximumCount && self.rank < self.count else {
        throw StoreError(
          .invalidArgument, "\(rankName) is \(rank) and \(countName) is \(count)",
          remedy: "ranks count from 0 to one less than the number of processes")
      }
      return
    }
    self.init()
  }

  /// What the environment of this process says.
  public static func current() throws(StoreError) -> RankEnvironment {
    try RankEnvironment { name in
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

extension SampleOrder {
  /// The part of this order that this process takes.
  public func rank(
    _ environment: RankEnvironment, padding: RankPadding = .repeat
  ) -> SampleOrder {
    rank(environment.rank, of: environment.count, padding: padding)
  }
}
