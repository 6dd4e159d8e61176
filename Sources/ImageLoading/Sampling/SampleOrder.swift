public import ImageStoreCore

/// The order in which an epoch goes through the images of a store: a small value, the same on every
/// platform.
///
///     let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
///     for try await batch in train.batches(of: 128, in: order) { ... }
///
/// An order does not know the store or the number of its images; ``indices(of:from:)`` combines
/// them. `Docs/SampleOrder.md` specifies the algorithms to the bit, with a reference in Python.
///
/// An order can be encoded and saved, for example within a ``LoaderState``. Later versions read
/// orders that earlier versions saved.
public struct SampleOrder: Sendable, Hashable, Codable {
  /// How images follow one another before the order is sharded.
  ///
  /// The names of the cases and of their values are those in saved states.
  package enum Kind: Sendable, Hashable, Codable {
    case sequential
    case shuffled(seed: UInt64, epoch: Int)
    case blockShuffled(seed: UInt64, epoch: Int, blockSize: Int, window: Int)
    case storeBlockShuffled(seed: UInt64, epoch: Int)
    case laneShuffled(seed: UInt64, epoch: Int, blockSize: Int, window: Int, lanes: Int)
    case storeLaneShuffled(seed: UInt64, epoch: Int, lanes: Int)
    case weighted(weights: [Double], seed: UInt64, epoch: Int, draws: Int?)
    case classBalanced(seed: UInt64, epoch: Int, draws: Int?)

    /// Whether the block size is chosen to suit the store.
    var suitsStore: Bool {
      switch self {
      case .storeBlockShuffled, .storeLaneShuffled: true
      default: false
      }
    }
  }

  package let kind: Kind
  /// The share of the order that this process takes; nil if one process takes all of it.
  public private(set) var shard: Shard?

  private init(_ kind: Kind) { self.kind = kind }

  private enum CodingKeys: String, CodingKey {
    case kind
    case shard = "rank"
  }

  /// By rising index.
  public static let sequential = SampleOrder(.sequential)

  /// A full shuffle: every image once, at a position that depends only on the seed, the epoch and the
  /// number of images. It takes no memory, and any position is calculated directly.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  public static func shuffled(seed: UInt64, epoch: Int) -> SampleOrder {
    SampleOrder(.shuffled(seed: seed, epoch: epoch))
  }

  /// A shuffle whose reads stay near one another: for disks, chunks and remote files.
  ///
  /// The images are cut into blocks of `blockSize` neighbours, and the blocks into as many strata as a
  /// window has blocks. Each window takes one block at random from every stratum and mixes their
  /// images fully. Since strata cover the file evenly, a file sorted by class gives windows with the
  /// classes of the whole. ``quality(of:labels:batchSize:)`` says how well an order mixes.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  ///   - blockSize: images per block, at least 1; the chunk length of the file is a good choice.
  ///   - window: the most blocks that are mixed with one another, at least 1; several times the number
  ///     of classes is a good choice.
  public static func blockShuffled(
    seed: UInt64, epoch: Int, blockSize: Int, window: Int
  ) -> SampleOrder {
    SampleOrder(.blockShuffled(seed: seed, epoch: epoch, blockSize: blockSize, window: window))
  }

  /// A shuffle whose reads stay near one another, in blocks and windows that suit the store.
  ///
  /// Blocks have 128 KB of pixels, in whole chunks if the store has chunks, and a window has a
  /// sixteenth of them: at least 128, at most 512, which is 64 MB. Two windows are in memory at a
  /// time. A store of one window is shuffled fully.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order over the same file.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  public static func blockShuffled(seed: UInt64, epoch: Int) -> SampleOrder {
    SampleOrder(.storeBlockShuffled(seed: seed, epoch: epoch))
  }

  /// A shuffle of blocks for several processes, each of which reads only its own part of the file.
  ///
  ///     let processes = try DistributedEnvironment.current()
  ///     let order = SampleOrder.blockShuffled(seed: 42, epoch: epoch, blockSize: 64, window: 512, lanes: 64)
  ///       .sharded(by: processes)
  ///
  /// The blocks of every window are dealt to `lanes` lanes, and position `p` of the order belongs
  /// to lane `p % lanes`. If the number of processes divides `lanes`, each process has whole lanes
  /// and does not read the blocks of others. All processes together read the file once, and each
  /// has the same part of it in every epoch, which a cache can keep. The order is the same for any
  /// number of processes. Every batch has the same number of images of each lane and, if the file
  /// is sorted by class, nearly the same mix of classes as the whole file.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  ///   - blockSize: images per block, at least 1.
  ///   - window: the most blocks of all lanes that are mixed with one another, at least `lanes`;
  ///     each of `n` processes has the `n`-th part of them in memory.
  ///   - lanes: a multiple of every number of processes that may share the order, at least 1; 64 suits most.
  public static func blockShuffled(
    seed: UInt64, epoch: Int, blockSize: Int, window: Int, lanes: Int
  ) -> SampleOrder {
    SampleOrder(.laneShuffled(seed: seed, epoch: epoch, blockSize: blockSize, window: window, lanes: lanes))
  }

  /// The same, in blocks and windows that suit the store.
  ///
  /// Blocks and windows are those of ``blockShuffled(seed:epoch:)``, but a window has at least one
  /// block of each lane.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order over the same file.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  ///   - lanes: a multiple of every number of processes that may share the order, at least 1; 64 suits most.
  public static func blockShuffled(seed: UInt64, epoch: Int, lanes: Int) -> SampleOrder {
    SampleOrder(.storeLaneShuffled(seed: seed, epoch: epoch, lanes: lanes))
  }

  /// The same order, with the values that depend on the store filled in, so that it is the same for
  /// any store.
  ///
  /// - Throws: what reading the formats of the first images throws.
  public func resolved(for store: some ImageStore) throws(StoreError) -> SampleOrder {
    guard kind.suitsStore else { return self }
    let blockSize = try StoreBlocks.blockSize(of: store)
    let blockCount = store.count / blockSize + (store.count % blockSize == 0 ? 0 : 1)
    let window = StoreBlocks.window(ofBlocks: blockCount, of: store)
    var order =
      switch kind {
      case .storeBlockShuffled(let seed, let epoch):
        SampleOrder.blockShuffled(seed: seed, epoch: epoch, blockSize: blockSize, window: window)
      case .storeLaneShuffled(let seed, let epoch, let lanes):
        SampleOrder.blockShuffled(
          seed: seed, epoch: epoch, blockSize: blockSize, window: max(window, lanes), lanes: lanes)
      default: self
      }
    order.shard = shard
    return order
  }

  /// Draws with replacement, in which each image occurs in proportion to its weight.
  ///
  /// - Parameters:
  ///   - weights: one per image, not negative, finite, not all 0; they need not sum to 1.
  ///   - seed: the seed of the order; the same seed gives the same order.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  ///   - draws: how many draws an epoch has; nil for as many as there are images.
  public static func weighted(
    _ weights: [Double], seed: UInt64, epoch: Int, draws: Int? = nil
  ) -> SampleOrder {
    SampleOrder(.weighted(weights: weights, seed: seed, epoch: epoch, draws: draws))
  }

  /// Draws with replacement, in which every class that has images is equally likely.
  ///
  /// - Parameters:
  ///   - seed: the seed of the order; the same seed gives the same order.
  ///   - epoch: the number of the pass over the images; every epoch has an order of its own.
  ///   - draws: how many draws an epoch has; nil for as many as there are images.
  public static func classBalanced(seed: UInt64, epoch: Int, draws: Int? = nil) -> SampleOrder {
    SampleOrder(.classBalanced(seed: seed, epoch: epoch, draws: draws))
  }

  /// The share of this order that process `index` of `count` takes.
  ///
  /// Position `p` of the order goes to process `p % count`, so the shards' samples taken in turn are
  /// the order itself, and step `s` of batches of `b` in `n` processes has the samples of step `s` of
  /// batches of `b * n` in one. Every process gets the same number of samples.
  ///
  /// - Parameters:
  ///   - index: which process, from 0.
  ///   - count: how many processes share the epoch.
  ///   - remainder: what happens to the samples at the end that are too few for one per process.
  public func sharded(
    _ index: Int, of count: Int, remainder: Shard.Remainder = .repeat
  ) -> SampleOrder {
    var order = self
    order.shard = Shard(index: index, count: count, remainder: remainder)
    return order
  }

  /// The share of this order that this process takes.
  ///
  /// - Parameters:
  ///   - environment: which process this is.
  ///   - remainder: what happens to the samples at the end that are too few for one per process.
  public func sharded(
    by environment: DistributedEnvironment, remainder: Shard.Remainder = .repeat
  ) -> SampleOrder {
    sharded(environment.rank, of: environment.worldSize, remainder: remainder)
  }

  /// The same order for one process.
  public var unsharded: SampleOrder { SampleOrder(kind) }

  /// The seed and epoch of the order; 0 and 0 if it is not random.
  public var seedAndEpoch: (seed: UInt64, epoch: Int) {
    switch kind {
    case .sequential: (0, 0)
    case .shuffled(let seed, let epoch): (seed, epoch)
    case .blockShuffled(let seed, let epoch, _, _), .storeBlockShuffled(let seed, let epoch): (seed, epoch)
    case .laneShuffled(let seed, let epoch, _, _, _), .storeLaneShuffled(let seed, let epoch, _):
      (seed, epoch)
    case .weighted(_, let seed, let epoch, _): (seed, epoch)
    case .classBalanced(let seed, let epoch, _): (seed, epoch)
    }
  }

  /// Whether an epoch may have an image several times.
  public var drawsWithReplacement: Bool {
    switch kind {
    case .weighted, .classBalanced: true
    default: false
    }
  }
}

extension SampleOrder {
  /// The indices of an epoch over a store.
  ///
  /// - Parameters:
  ///   - store: the store; ``classBalanced(seed:epoch:draws:)`` asks for its labels.
  ///   - start: the global position to begin at, which counts the samples of all shards.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a size, weight, shard or position that is
  ///   not valid for this number of images; and what reading labels throws.
  public func indices(
    of store: some ImageStore, from start: Int = 0
  ) throws(StoreError) -> SampleIndices {
    func labels() throws(StoreError) -> [Int]? { try store.labels() }
    return try resolved(for: store).indices(of: store.count, labels: labels(), from: start)
  }

  /// The indices of an epoch over `count` images.
  ///
  /// - Parameters:
  ///   - count: how many images the store has.
  ///   - labels: one per image; only ``classBalanced(seed:epoch:draws:)`` asks for them.
  ///   - start: the global position to begin at, which counts the samples of all shards.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a size, weight, shard or position that is
  ///   not valid for this number of images.
  public func indices(
    of count: Int, labels: @autoclosure () throws(StoreError) -> [Int]? = nil, from start: Int = 0
  ) throws(StoreError) -> SampleIndices {
    guard count >= 0 && count <= KeyedPermutation.maximumCount else {
      throw StoreError(
        .invalidArgument,
        "an order cannot have \(count) images: 0 to \(KeyedPermutation.maximumCount) are possible")
    }
    let source: SampleIndices.Source
    switch kind {
    case .sequential:
      source = .sequential(count: count)
    case .shuffled(let seed, let epoch):
      let key = RandomKey(seed: seed, epoch: epoch, purpose: .shuffle)
      source = .permutation(KeyedPermutation(count: count, key: key), count: count)
    case .blockShuffled(let seed, let epoch, let blockSize, let window):
      source = .blocks(
        try BlockShuffle(count: count, seed: seed, epoch: epoch, blockSize: blockSize, window: window))
    case .laneShuffled(let seed, let epoch, let blockSize, let window, let lanes):
      source = .lanes(
        try LaneShuffle(
          count: count, seed: seed, epoch: epoch, blockSize: blockSize, window: window, lanes: lanes))
    case .storeBlockShuffled, .storeLaneShuffled:
      throw StoreError(
        .invalidArgument,
        "this order takes its block size from a store, but only a number of images was given",
        remedy: "ask for the indices of the store, or give blockSize and window")
    case .weighted(let weights, let seed, let epoch, let draws):
      guard weights.count == count else {
        throw StoreError(.invalidArgument, "\(weights.count) weights for \(count) images")
      }
      source = .weighted(
        try AliasTable(weights), key: RandomKey(seed: seed, epoch: epoch, purpose: .draws),
        draws: try Self.validated(draws: draws, of: count))
    case .classBalanced(let seed, let epoch, let draws):
      guard let labels = try labels(), labels.count == count else {
        throw StoreError(
          .invalidArgument, "classes cannot be balanced without a label per image",
          remedy: "use shuffled or weighted")
      }
      source = .classes(
        ClassMembers(labels), key: RandomKey(seed: seed, epoch: epoch, purpose: .draws),
        draws: try Self.validated(draws: draws, of: count))
    }
    return try SampleIndices(source, shard: shard, start: start)
  }

  private static func validated(draws: Int?, of count: Int) throws(StoreError) -> Int {
    let draws = draws ?? count
    guard draws >= 0, count > 0 || draws == 0, draws <= KeyedPermutation.maximumCount else {
      throw StoreError(.invalidArgument, "\(draws) draws from \(count) images are not possible")
    }
    return draws
  }
}
