internal import ImageStoreCore

/// The indices of an epoch, or of one shard of it, in order. They are calculated when they are
/// asked for.
public struct SampleIndices: Sendable, RandomAccessCollection {
  private let source: Source
  private let shard: Shard
  /// The global position of the first index, less the shard's own index.
  private let start: Int
  /// How many indices there are: the same for every shard.
  public let count: Int

  init(_ source: Source, shard: Shard?, start: Int) throws(StoreError) {
    let shard = shard ?? Shard(index: 0, count: 1)
    guard shard.count >= 1, shard.count <= Shard.maximumCount, shard.index >= 0, shard.index < shard.count
    else {
      throw StoreError(
        .invalidArgument, "there is no shard \(shard.index) of \(shard.count)",
        remedy: "shards count from 0, and there are at most \(Shard.maximumCount)")
    }
    guard start >= 0 && start <= source.count else {
      throw StoreError(
        .invalidArgument, "the position \(start) is not within an order of \(source.count) samples",
        remedy: "resume with the store and the order that the state was taken from")
    }
    self.source = source
    self.shard = shard
    self.start = start
    let rest = source.count - start
    count =
      switch shard.remainder {
      case .drop: rest / shard.count
      case .repeat: rest / shard.count + (rest % shard.count == 0 ? 0 : 1)
      }
  }

  /// 0.
  public var startIndex: Int { 0 }
  /// How many indices there are.
  public var endIndex: Int { count }

  /// The index of the image at a position.
  ///
  /// - Precondition: `position` is in `0..<count`.
  public subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "no position \(position)")
    var index = 0
    unsafe withUnsafeMutablePointer(to: &index) { pointer in
      unsafe fill(UnsafeMutableBufferPointer(start: pointer, count: 1), from: position)
    }
    return index
  }

  /// Appends the indices at a range of positions.
  ///
  /// - Precondition: the range is in `0..<count` and the destination has room for it.
  public func append(_ positions: Range<Int>, to destination: inout OutputSpan<Int>) {
    precondition(positions.lowerBound >= 0 && positions.upperBound <= count)
    precondition(positions.count <= destination.freeCapacity)
    unsafe destination.withUnsafeMutableBufferPointer { memory, initialized in
      let part = unsafe UnsafeMutableBufferPointer(
        rebasing: memory[initialized..<initialized + positions.count])
      unsafe fill(part, from: positions.lowerBound)
      initialized += positions.count
    }
  }

  /// The indices at a range of positions.
  ///
  /// - Precondition: the range is in `0..<count`.
  public func array(_ positions: Range<Int>) -> [Int] {
    Array(capacity: positions.count) { append(positions, to: &$0) }
  }

  /// The global position, which counts the samples of all shards, that follows the first `count`
  /// indices of every shard. From there the same number of processes, or more or fewer, can resume
  /// an epoch that was interrupted.
  public func globalPosition(after count: Int) -> Int {
    // The last step goes past the end of the order if shards are filled up from its beginning.
    Swift.min(start + count * shard.count, source.count)
  }

  /// The global position of an index, which counts the samples of all shards.
  func globalPosition(of position: Int) -> Int {
    start + position * shard.count + shard.index
  }

  /// The end of the images that are mixed with those at a position, if the order mixes only some
  /// images with one another.
  func windowEnd(of position: Int) -> Int? {
    let global = globalPosition(of: position)
    guard let end = source.windowEnd(of: Swift.min(global, source.count)) else { return nil }
    guard global < source.count else { return count }
    return Swift.min(count, position + (end - global + shard.count - 1) / shard.count)
  }

  /// The images that are mixed with the one at a position, in the order of the file: those of other
  /// shards too, unless the shard has lanes of its own.
  func imagesOfWindow(of position: Int) -> [Int]? {
    let global = globalPosition(of: position)
    guard global < source.count else { return nil }
    return switch source {
    case .blocks(let shuffle): shuffle.imagesOfWindow(of: global)
    case .lanes(let shuffle): shuffle.imagesOfWindow(of: global, stride: shard.count)
    case .sequential, .permutation, .weighted, .classes: nil
    }
  }

  /// Whether other shards have images of the same windows, between those of this one.
  var sharesWindows: Bool {
    if case .lanes(let shuffle) = source { shuffle.lanes % shard.count != 0 } else { shard.count > 1 }
  }

  /// Writes the indices from a position on. The memory has room only for indices that exist.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, from position: Int) {
    let first = globalPosition(of: position)
    // Only positions that fill up a shard are past the end of the order.
    let regular =
      first >= source.count
      ? 0 : Swift.min(results.count, (source.count - first - 1) / shard.count + 1)
    unsafe source.fill(
      UnsafeMutableBufferPointer(rebasing: results[..<regular]), first: first, stride: shard.count)
    for offset in regular..<results.count {
      let wrapped = (first + offset * shard.count) % source.count
      unsafe source.fill(
        UnsafeMutableBufferPointer(rebasing: results[offset...offset]), first: wrapped, stride: 1)
    }
  }
}

extension SampleIndices {
  /// The image at each position of an epoch: an order combined with the number of images.
  enum Source: Sendable {
    case sequential(count: Int)
    case permutation(KeyedPermutation, count: Int)
    case blocks(BlockShuffle)
    case lanes(LaneShuffle)
    case weighted(AliasTable, key: RandomKey, draws: Int)
    case classes(ClassMembers, key: RandomKey, draws: Int)

    /// The number of positions.
    var count: Int {
      switch self {
      case .sequential(let count), .permutation(_, let count): count
      case .blocks(let shuffle): shuffle.count
      case .lanes(let shuffle): shuffle.count
      case .weighted(_, _, let draws), .classes(_, _, let draws): draws
      }
    }

    /// The position at which the window of a position ends, if the order has windows.
    func windowEnd(of position: Int) -> Int? {
      switch self {
      case .blocks(let shuffle): shuffle.windowEnd(of: position)
      case .lanes(let shuffle): shuffle.windowEnd(of: position)
      case .sequential, .permutation, .weighted, .classes: nil
      }
    }

    /// Writes the indices at the positions `first`, `first + stride` and so on, all in `0..<count`.
    func fill(_ results: UnsafeMutableBufferPointer<Int>, first: Int, stride: Int) {
      switch self {
      case .sequential:
        for offset in results.indices { unsafe results[offset] = first &+ offset &* stride }
      case .permutation(let permutation, _):
        unsafe permutation.fill(results, first: first, stride: stride)
      case .blocks(let shuffle):
        unsafe shuffle.fill(results, first: first, stride: stride)
      case .lanes(let shuffle):
        unsafe shuffle.fill(results, first: first, stride: stride)
      case .weighted(let table, let key, _):
        for offset in results.indices {
          let draw = UInt64(truncatingIfNeeded: first &+ offset &* stride)
          unsafe results[offset] = table.draw(key.word(2 &* draw), key.word(2 &* draw &+ 1))
        }
      case .classes(let members, let key, _):
        for offset in results.indices {
          let draw = UInt64(truncatingIfNeeded: first &+ offset &* stride)
          unsafe results[offset] = members.draw(key.word(2 &* draw), key.word(2 &* draw &+ 1))
        }
      }
    }
  }
}
