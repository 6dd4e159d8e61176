public import ImageStoreCore

extension ImageStore {
  /// The batches of an epoch: prefetched by threads, in order, with bounded memory.
  ///
  ///     for try await batch in train.batches(of: 128, in: .shuffled(seed: 42, epoch: epoch)) {
  ///       step(batch.pixels, batch.labels)
  ///     }
  ///
  /// Arguments that make no sense are an error of the first batch.
  ///
  /// - Parameters:
  ///   - size: images a batch; the last may have fewer, see ``ImageFeeding/FeedOptions/lastBatch-swift.property``.
  ///   - order: the order of the images, and the rank's part of it.
  ///   - tensor: what pixels are turned into.
  ///   - augmentation: how images are cropped and mirrored.
  ///   - options: how batches are made ahead.
  public func batches(
    of size: Int, in order: SampleOrder = .sequential, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, options: FeedOptions = FeedOptions()
  ) -> BatchFeed {
    batches(
      of: size, from: FeedPosition(order: order, imageCount: count), as: tensor,
      augmentation: augmentation, options: options)
  }

  /// The rest of an epoch.
  ///
  /// - Parameters:
  ///   - size: images a batch.
  ///   - position: that of the last batch used.
  ///   - tensor: what pixels are turned into.
  ///   - augmentation: how images are cropped and mirrored.
  ///   - options: how batches are made ahead.
  public func batches(
    of size: Int, from position: FeedPosition, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, options: FeedOptions = FeedOptions()
  ) -> BatchFeed {
    BatchFeed(
      request: FeedRequest(
        store: self, masks: nil, batchSize: size, position: position, tensor: tensor,
        augmentation: augmentation, options: options))
  }
}
