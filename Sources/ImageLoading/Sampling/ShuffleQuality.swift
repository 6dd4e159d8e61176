public import ImageStoreCore

/// How well an order mixes, measured over one epoch of it.
public struct ShuffleQuality: Sendable, Hashable {
  /// The mean distance of an image's position from its index, as a fraction of the number of images: 0 for
  /// ``SampleOrder/sequential``, 1/3 for a full shuffle.
  public let meanDisplacement: Double
  /// The fraction of a batch that its most common class has, as the mean over the full batches; nil
  /// without labels.
  public let largestClassShare: Double?
  /// The same for a full shuffle with the same seed and epoch: the best expected value of an order
  /// that ignores classes.
  public let largestClassShareOfFullShuffle: Double?

  /// How much larger the most common class is than in a full shuffle: 1 is as good as a full
  /// shuffle; the number of classes is the worst possible value.
  public var classShareRatio: Double? {
    guard let share = largestClassShare, let full = largestClassShareOfFullShuffle, full > 0 else {
      return nil
    }
    return share / full
  }
}

extension SampleOrder {
  /// Measures how well this order mixes, by going through an epoch's indices.
  ///
  /// - Parameters:
  ///   - count: the number of images.
  ///   - labels: one per image, for the mix of classes.
  ///   - batchSize: images per batch.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the numbers do not agree with one another.
  public func quality(
    of count: Int, labels: [Int]? = nil, batchSize: Int
  ) throws(StoreError) -> ShuffleQuality {
    guard batchSize > 0, labels == nil || labels?.count == count else {
      throw StoreError(
        .invalidArgument,
        "a batch size of \(batchSize) and \(labels?.count ?? 0) labels do not suit \(count) images")
    }
    let indices = try unsharded.indices(of: count, labels: labels)
    var displacement = 0.0
    for start in stride(from: 0, to: indices.count, by: 4096) {
      let end = min(start + 4096, indices.count)
      for (offset, index) in indices.array(start..<end).enumerated() {
        displacement += Double(abs(index - (start + offset)))
      }
    }
    let most = Double(indices.count) * Double(count)
    let (seed, epoch) = seedAndEpoch
    return ShuffleQuality(
      meanDisplacement: most > 0 ? displacement / most : 0,
      largestClassShare: Self.largestClassShare(indices, labels: labels, batchSize: batchSize),
      largestClassShareOfFullShuffle: Self.largestClassShare(
        try SampleOrder.shuffled(seed: seed, epoch: epoch).indices(of: count), labels: labels,
        batchSize: batchSize))
  }

  private static func largestClassShare(
    _ indices: SampleIndices, labels: [Int]?, batchSize: Int
  ) -> Double? {
    guard let labels, indices.count >= batchSize else { return nil }
    var sum = 0.0
    var counts: [Int: Int] = [:]
    let batches = indices.count / batchSize
    for number in 0..<batches {
      counts.removeAll(keepingCapacity: true)
      for index in indices.array(number * batchSize..<(number + 1) * batchSize) {
        counts[labels[index], default: 0] += 1
      }
      sum += Double(counts.values.max() ?? 0) / Double(batchSize)
    }
    return sum / Double(batches)
  }
}
