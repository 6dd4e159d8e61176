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
  ///   - size: images a batch; the last may have fewer, see ``ImageLoading/LoaderOptions/lastBatch-swift.property``.
  ///   - order: the order of the images, and the rank's part of it.
  ///   - tensor: what pixels are turned into.
  ///   - augmentation: how images are cropped and mirrored.
  ///   - options: how batches are made ahead.
  public func batches(
    of size: Int, in order: SampleOrder = .sequential, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    batches(
      of: size, from: LoaderState(order: order, imageCount: count), as: tensor,
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
    of size: Int, from position: LoaderState, as tensor: TensorFormat = .stored,
    augmentation: Augmentation = .none, options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    BatchLoader(
      request: LoaderRequest(
        store: self, masks: nil, batchSize: size, position: position, tensor: tensor,
        augmentation: augmentation, options: options))
  }
}
