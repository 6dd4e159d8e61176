/// The order in which an epoch goes through the images of a store: a small value, the same on every
/// platform.
///
///     let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
///     for try await batch in train.batches(of: 128, in: order) { ... }
///
/// It knows neither the store nor the number of its images; ``indices(of:labels:from:)`` brings them
/// together. The algorithms stand in `Docs/SampleOrder.md`, to the bit, with a reference in Python.
public struct SampleOrder: Sendable, Hashable, Codable {
  /// How images follow one another, before it is divided among ranks.
  public enum Kind: Sendable, Hashable, Codable {
    /// By rising index.
    case sequential
    /// Each image once, at random.
    case shuffled(seed: UInt64, epoch: Int)
    /// Each image once, at random within a window of blocks.
    case blockShuffled(seed: UInt64, epoch: Int, blockSize: Int, window: Int)
    /// Drawn by weight, with replacement.
    case weighted(weights: [Double], seed: UInt64, epoch: Int, draws: Int?)
    /// Drawn so that classes are equally likely, with replacement.
    case classBalanced(seed: UInt64, epoch: Int, draws: Int?)
  }
  /// How the images are ordered, for all ranks together.
  public let kind: Kind
  /// The part of the order that one of several processes takes; nil where one takes all.
  public private(set) var rank: Rank?

  private init(_ kind: Kind) { self.kind = kind }

  /// By rising index.
  public static let sequential = SampleOrder(.sequential)

  /// A full shuffle: every image once, at a place that depends on nothing but seed, epoch and the
  /// number of images. Takes no memory; any position is found at once.
  public static func shuffled(seed: UInt64, epoch: Int) -> SampleOrder {
    SampleOrder(.shuffled(seed: seed, epoch: epoch))
  }

  /// A shuffle whose reads stay near one another: for disks, chunks and remote files.
  ///
  /// The images are cut into blocks of `blockSize` neighbours, and the blocks into as many strata as a
  /// window has blocks; each window takes one block at random from every stratum and mixes their
  /// images fully. Since strata cover the file evenly, a file sorted by class gives windows with the
  /// classes of the whole. ``quality(of:labels:batch:)`` says how well an order mixes.
  ///
  /// - Parameters:
  ///   - seed: what the order is drawn from; the same seed gives the same order.
  ///   - epoch: which pass over the images it is; every epoch has an order of its own.
  ///   - blockSize: images a block, at least 1; the chunk length of the file is a good choice.
  ///   - window: the most blocks that are mixed with one another, at least 1; several times the number
  ///     of classes is a good choice.
  public static func blockShuffled(
    seed: UInt64, epoch: Int, blockSize: Int, window: Int
  ) -> SampleOrder {
    SampleOrder(.blockShuffled(seed: seed, epoch: epoch, blockSize: blockSize, window: window))
  }

  /// Draws with replacement, each image as often as its weight says.
  ///
  /// - Parameters:
  ///   - weights: one an image, not negative, finite, not all 0; they need not sum to 1.
  ///   - seed: what the order is drawn from; the same seed gives the same order.
  ///   - epoch: which pass over the images it is; every epoch has an order of its own.
  ///   - draws: how many an epoch has; nil for as many as there are images.
  public static func weighted(
    _ weights: [Double], seed: UInt64, epoch: Int, draws: Int? = nil
  ) -> SampleOrder {
    SampleOrder(.weighted(weights: weights, seed: seed, epoch: epoch, draws: draws))
  }

  /// Draws with replacement, every class that has images as often as any other.
  ///
  /// - Parameters:
  ///   - seed: what the order is drawn from; the same seed gives the same order.
  ///   - epoch: which pass over the images it is; every epoch has an order of its own.
  ///   - draws: how many an epoch has; nil for as many as there are images.
  public static func classBalanced(seed: UInt64, epoch: Int, draws: Int? = nil) -> SampleOrder {
    SampleOrder(.classBalanced(seed: seed, epoch: epoch, draws: draws))
  }

  /// The part of this order that process `rank` of `count` takes.
  ///
  /// Position `p` of the order goes to rank `p % count`, so that the ranks' samples taken in turn are
  /// the order itself, and step `s` of batches of `b` on `n` ranks has the samples of step `s` of
  /// batches of `b * n` on one. Every rank gets as many samples as any other.
  ///
  /// - Parameters:
  ///   - rank: which process, from 0.
  ///   - count: how many processes share the epoch.
  ///   - padding: what happens to the last positions where they do not suffice for all ranks.
  public func rank(_ rank: Int, of count: Int, padding: RankPadding = .repeat) -> SampleOrder {
    var order = self
    order.rank = Rank(index: rank, count: count, padding: padding)
    return order
  }

  /// The same order for one process.
  public var joined: SampleOrder { SampleOrder(kind) }

  /// The seed and epoch of the order; 0 and 0 where it is not random.
  public var seedAndEpoch: (seed: UInt64, epoch: Int) {
    switch kind {
    case .sequential: (0, 0)
    case .shuffled(let seed, let epoch): (seed, epoch)
    case .blockShuffled(let seed, let epoch, _, _): (seed, epoch)
    case .weighted(_, let seed, let epoch, _): (seed, epoch)
    case .classBalanced(let seed, let epoch, _): (seed, epoch)
    }
  }

  /// Whether an epoch may have an image several times.
  public var drawsWithReplacement: Bool {
    switch kind {
    case .sequential, .shuffled, .blockShuffled: false
    case .weighted, .classBalanced: true
    }
  }
}
