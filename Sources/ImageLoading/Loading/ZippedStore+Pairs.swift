public import ImageStoreCore

extension ZippedStore {
  /// The batches of an epoch of images and their masks, both cropped and mirrored alike:
  ///
  ///     for try await batch in pairs.pairs(of: 16, in: order, augmentation: crops) {
  ///       step(batch.pixels, batch.masks!.pixels)
  ///     }
  ///
  /// Other than ``ImageStoreCore/ImageStore/batches(of:in:as:augmentation:options:)`` in nothing but the
  /// masks.
  ///
  /// - Parameters:
  ///   - size: images a batch.
  ///   - order: the order of the images.
  ///   - tensor: what the pixels of images are turned into.
  ///   - maskTensor: what those of masks are turned into.
  ///   - augmentation: how images are cropped and mirrored.
  ///   - options: how batches are made ahead.
  public func pairs(
    of size: Int, in order: SampleOrder = .sequential, as tensor: TensorFormat = .stored,
    masksAs maskTensor: TensorFormat = .stored, augmentation: Augmentation = .none,
    options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    pairs(
      of: size, from: LoaderState(order: order, imageCount: count), as: tensor, masksAs: maskTensor,
      augmentation: augmentation, options: options)
  }

  /// The rest of an epoch of images and their masks.
  ///
  /// - Parameters:
  ///   - size: images a batch.
  ///   - position: that of the last batch used.
  ///   - tensor: what pixels are turned into.
  ///   - maskTensor: what the masks' pixels are turned into.
  ///   - augmentation: how images are cropped and mirrored.
  ///   - options: how batches are made ahead.
  public func pairs(
    of size: Int, from position: LoaderState, as tensor: TensorFormat = .stored,
    masksAs maskTensor: TensorFormat = .stored, augmentation: Augmentation = .none,
    options: LoaderOptions = LoaderOptions()
  ) -> BatchLoader {
    BatchLoader(
      request: LoaderRequest(
        store: images, masks: (masks, maskTensor), batchSize: size, position: position, tensor: tensor,
        augmentation: augmentation, options: options))
  }
}
