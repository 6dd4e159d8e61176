public import ImageStoreCore

extension SampleOrder {
  /// The indices of an epoch over `count` images.
  ///
  /// - Parameters:
  ///   - count: how many images the store has.
  ///   - labels: one an image; asked for by ``classBalanced(seed:epoch:draws:)`` alone.
  ///   - start: the position of the joined order (that of all ranks) to begin at.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a size, weight, rank or position that makes no
  ///   sense for so many images.
  public func indices(
    of count: Int, labels: @autoclosure () throws(StoreError) -> [Int]? = nil, from start: Int = 0
  ) throws(StoreError) -> SampleIndices {
    guard count >= 0 && count <= KeyedPermutation.maximumCount else {
      throw StoreError(.invalidArgument, "an order of \(count) images")
    }
    let source: SampleSource
    switch kind {
    case .sequential:
      source = .sequential(count: count)
    case .shuffled(let seed, let epoch):
      let key = RandomKey(seed: seed, epoch: epoch, purpose: .shuffle)
      source = .permutation(KeyedPermutation(count: count, key: key), count: count)
    case .blockShuffled(let seed, let epoch, let blockSize, let window):
      source = .blocks(
        try BlockShuffle(count: count, seed: seed, epoch: epoch, blockSize: blockSize, window: window))
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
          .invalidArgument, "classes cannot be balanced without a label an image",
          remedy: "use shuffled or weighted")
      }
      source = .classes(
        ClassMembers(labels), key: RandomKey(seed: seed, epoch: epoch, purpose: .draws),
        draws: try Self.validated(draws: draws, of: count))
    }
    return try SampleIndices(source, rank: rank, start: start)
  }

  /// The indices of an epoch over a store.
  public func indices(
    of store: some ImageStore, from start: Int = 0
  ) throws(StoreError) -> SampleIndices {
    func labels() throws(StoreError) -> [Int]? { try store.labels() }
    return try indices(of: store.count, labels: labels(), from: start)
  }

  private static func validated(draws: Int?, of count: Int) throws(StoreError) -> Int {
    let draws = draws ?? count
    guard draws >= 0, count > 0 || draws == 0, draws <= KeyedPermutation.maximumCount else {
      throw StoreError(.invalidArgument, "\(draws) draws from \(count) images")
    }
    return draws
  }
}
