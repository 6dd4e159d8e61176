internal import ImageStoreCore

/// The indices of an epoch, or of a rank's part of one, in their order: calculated when asked for.
public struct SampleIndices: Sendable, RandomAccessCollection {
  private let source: SampleSource
  private let rank: Rank
  /// The position of the joined order that the first index stands at, less the rank.
  private let start: Int
  /// How many indices there are: the same for every rank.
  public let count: Int

  init(_ source: SampleSource, rank: Rank?, start: Int) throws(StoreError) {
    let rank = rank ?? Rank(index: 0, count: 1)
    guard rank.count >= 1, rank.count <= Rank.maximumCount, rank.index >= 0, rank.index < rank.count else {
      throw StoreError(
        .invalidArgument, "rank \(rank.index) of \(rank.count)",
        remedy: "ranks count from 0, to at most \(Rank.maximumCount)")
    }
    guard start >= 0 && start <= source.count else {
      throw StoreError(
        .invalidArgument, "position \(start) in an order of \(source.count) samples",
        remedy: "resume with the store and the order that the position was taken from")
    }
    self.source = source
    self.rank = rank
    self.start = start
    let rest = source.count - start
    count =
      switch rank.padding {
      case .drop: rest / rank.count
      case .repeat: rest / rank.count + (rest % rank.count == 0 ? 0 : 1)
      }
  }

  /// 0.
  public var startIndex: Int { 0 }
  /// How many there are.
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

  /// The position of the joined order (that of all ranks) that comes after the first `count` indices of
  /// every rank: where an epoch broken off there is taken up again, by as many ranks or others.
  public func joinedPosition(after count: Int) -> Int {
    // The last step of a padded order goes past its end.
    Swift.min(start + count * rank.count, source.count)
  }

  /// The position of the joined order that an index stands at.
  func joinedPosition(of position: Int) -> Int {
    start + position * rank.count + rank.index
  }

  /// Writes the indices from a position on. The memory has room for indices that exist.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, from position: Int) {
    let first = joinedPosition(of: position)
    // Only positions of padding lie past the end of the order.
    let regular =
      first >= source.count
      ? 0 : Swift.min(results.count, (source.count - first - 1) / rank.count + 1)
    unsafe source.fill(
      UnsafeMutableBufferPointer(rebasing: results[..<regular]), first: first, stride: rank.count)
    for place in regular..<results.count {
      let wrapped = (first + place * rank.count) % source.count
      unsafe source.fill(
        UnsafeMutableBufferPointer(rebasing: results[place...place]), first: wrapped, stride: 1)
    }
  }
}
