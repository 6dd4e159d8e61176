internal import ImageStoreCore

/// Turns images into the samples of a tensor, for one store.
struct BatchConverter: Sendable {
  let tensor: TensorFormat
  let augmentation: Augmentation
  private let key: RandomKey
  private let placementKey: RandomKey
  private let resizedCrop: ResizedCrop?

  init(tensor: TensorFormat, augmentation: Augmentation, seed: UInt64, epoch: Int) {
    self.tensor = tensor
    self.augmentation = augmentation
    key = RandomKey(seed: seed, epoch: epoch, purpose: .augmentation)
    placementKey = RandomKey(seed: seed, epoch: epoch, purpose: .placement)
    if case .randomResized(_, _, let scale, let ratio) = augmentation.crop {
      resizedCrop = ResizedCrop(scale: scale, ratio: ratio)
    } else {
      resizedCrop = nil
    }
  }

  /// Whether images are delivered as they are stored, or the same region of each.
  var isPlain: Bool { tensor == .stored && !augmentation.isRandom && !augmentation.isPlaced }

  /// Whether each image is delivered as the region of it that is stored.
  var isRegionEach: Bool {
    guard tensor == .stored && augmentation.flipProbability == 0 else { return false }
    if case .random = augmentation.crop { return true }
    return false
  }

  /// Whether the delivered image is always a region of the stored one.
  var readsRegions: Bool {
    switch augmentation.crop {
    case .fixed, .random: true
    case nil, .padded, .center, .randomResized: false
    }
  }

  /// The choice for an image that is only cropped and flipped.
  func choice(sample: Int, format: ImageFormat) -> AugmentationChoice {
    AugmentationChoice(augmentation, key: key, sample: sample, height: format.height, width: format.width)
  }

  /// The format that images become if they are only cropped and flipped.
  func delivered(_ format: ImageFormat, image: Int) throws(StoreError) -> ImageFormat {
    try tensor.validate(format)
    return try converted(augmentation.cropped(format, image: image))
  }

  /// The format of the tensor of an image.
  func converted(_ format: ImageFormat) throws(StoreError) -> ImageFormat {
    try ImageFormat(
      validating: format.height, width: format.width, channels: format.channels,
      elementType: tensor.elementType ?? format.elementType)
  }

  // MARK: What is done to an image

  /// The transform of an image.
  ///
  /// - Parameters:
  ///   - sample: the number that its choices depend on.
  ///   - format: as it is stored.
  ///   - image: its index, for messages.
  func transform(sample: Int, format: ImageFormat, image: Int) throws(StoreError) -> ImageTransform {
    var transform = ImageTransform(ImageRegion(wholeOf: format))
    if case .randomResized(let height, let width, _, _) = augmentation.crop, let resizedCrop {
      transform = ImageTransform(resizedCrop.region(of: format, placementKey.part(sample)))
      (transform.height, transform.width) = (height, width)
      transform.window = ImageRegion(row: 0, column: 0, height: height, width: width)
    } else if let resizing = augmentation.resizing {
      let request = try resizing.request(for: format, filter: augmentation.filter)
      (transform.height, transform.width) = (request.height, request.width)
      transform.window = request.window
    }
    let base = transform.window
    let choice = AugmentationChoice(
      augmentation, key: key, sample: sample, height: base.height, width: base.width)
    transform.window = ImageRegion(
      row: base.row + choice.row, column: base.column + choice.column, height: base.height, width: base.width)
    if let size = augmentation.croppedSize {
      let crop = ImageRegion(row: choice.row, column: choice.column, height: size.height, width: size.width)
      let resized = ImageFormat(height: base.height, width: base.width)
      guard crop.isContained(in: resized) else {
        throw .outside(crop, of: format.resized(height: base.height, width: base.width), image: image)
      }
      (transform.window.height, transform.window.width) = (size.height, size.width)
    }
    transform.isFlippedHorizontally = choice.isFlipped
    // The words 0 to 21 are those of the resized crop, 24 to 26 those of colors.
    let key = placementKey.part(sample)
    if augmentation.rotatesByRightAngles { transform.quarterTurns = key.word(22).scaled(to: 4) }
    transform.isFlippedVertically = key.word(23).isBelow(augmentation.verticalFlipProbability)
    transform.colors = augmentation.colorJitter?.factors(key)
    return transform
  }
}

extension Augmentation {
  /// The size of crops that have a fixed size and do not resize.
  fileprivate var croppedSize: (height: Int, width: Int)? {
    switch crop {
    case nil, .padded, .randomResized: nil
    case .fixed(let region): (region.height, region.width)
    case .random(let height, let width), .center(let height, let width): (height, width)
    }
  }
}
