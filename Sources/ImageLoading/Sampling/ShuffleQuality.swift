public import ImageStoreCore

/// How well an order mixes, measured over one epoch of it.
public struct ShuffleQuality: Sendable, Hashable {
  /// The mean distance of an image's position from its index, as a share of the number of images: 0 in
  /// sequence, 1/3 in a full shuffle.
  public let meanDisplacement: Double
  /// The share of the commonest class in a batch, mean over the full batches; nil without labels.
  public let largestClassShare: Double?
  /// The same of a full shuffle with the same seed and epoch: the best an order without regard to
  /// classes can expect.
  public let largestClassShareOfFullShuffle: Double?

  /// How much larger the commonest class is than in a full shuffle: 1 is as good, the number of classes
  /// as bad as can be.
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
  ///   - labels: one an image, for the mix of classes.
  ///   - batch: the size of batches.
  public func quality(
    of count: Int, labels: [Int]? = nil, batch: Int
  ) throws(StoreError) -> ShuffleQuality {
    guard batch > 0, labels == nil || labels?.count == count else {
      throw StoreError(
        .invalidArgument, "batches of \(batch) and \(labels?.count ?? 0) labels for \(count) images")
    }
    let indices = try joined.indices(of: count, labels: labels)
    var displacement = 0.0
    for start in stride(from: 0, to: indices.count, by: 4096) {
      let end = min(start + 4096, indices.count)
      for (place, index) in indices.array(start..<end).enumerated() {
        displacement += Double(abs(index - (start + place)))
      }
    }
    let places = Double(indices.count) * Double(count)
    let (seed, epoch) = seedAndEpoch
    return ShuffleQuality(
      meanDisplacement: places > 0 ? displacement / places : 0,
      largestClassShare: Self.largestClassShare(indices, labels: labels, batch: batch),
      largestClassShareOfFullShuffle: Self.largestClassShare(
        try SampleOrder.shuffled(seed: seed, epoch: epoch).indices(of: count), labels: labels,
        batch: batch))
  }

  private static func largestClassShare(
    _ indices: SampleIndices, labels: [Int]?, batch: Int
  ) -> Double? {
    guard let labels, indices.count >= batch else { return nil }
    var sum = 0.0
    var counts: [Int: Int] = [:]
    let batches = indices.count / batch
    for number in 0..<batches {
      counts.removeAll(keepingCapacity: true)
      for index in indices.array(number * batch..<(number + 1) * batch) {
        counts[labels[index], default: 0] += 1
      }
      sum += Double(counts.values.max() ?? 0) / Double(batch)
    }
    return sum / Double(batches)
  }
}
