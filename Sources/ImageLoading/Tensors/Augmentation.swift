public import ImageStoreCore

/// How the images of a batch are cropped and flipped while they are copied.
///
/// What happens to an image depends only on the seed, the epoch and its index (its position if the order
/// draws with replacement): not on batches, shards, workers or where an epoch was resumed.
public struct Augmentation: Sendable, Hashable, Codable {
  /// The region of each image that is taken.
  ///
  /// The names of the cases and of their values are those in saved augmentations.
  public enum Crop: Sendable, Hashable, Codable {
    /// The same region of every image.
    case fixed(ImageRegion)
    /// A region of this size at a random position in the image.
    case random(height: Int, width: Int)
    /// A region of the image's own size at a random position in the image with this many rows and columns of
    /// zeros around it.
    case padded(by: Int)
  }

  /// The region of each image that is taken; nil for whole images.
  public var crop: Crop?
  /// The probability that an image is flipped horizontally, left to right.
  public var flipProbability: Double
  /// The seed of the choices; nil for the seed of the order.
  public var seed: UInt64?
  /// The epoch of the choices; nil for the epoch of the order.
  public var epoch: Int?

  /// Creates an augmentation; the parameters are the properties.
  public init(
    crop: Crop? = nil, flipProbability: Double = 0, seed: UInt64? = nil, epoch: Int? = nil
  ) {
    self.crop = crop
    self.flipProbability = flipProbability
    self.seed = seed
    self.epoch = epoch
  }

  /// Whole images as they are.
  public static let none = Augmentation()

  // The names in saved augmentations, which outlive those in code.
  private enum CodingKeys: String, CodingKey {
    case crop
    case flipProbability = "mirrorProbability"
    case seed, epoch
  }

  /// Checks that the numbers make sense for any image.
  func validate() throws(StoreError) {
    let isLegal =
      switch crop {
      case nil: true
      case .fixed(let region): region.height > 0 && region.width > 0
      case .random(let height, let width): height > 0 && width > 0
      case .padded(let margin): margin >= 0 && margin <= 1 << 20
      }
    guard isLegal, flipProbability >= 0, flipProbability <= 1 else {
      throw StoreError(
        .invalidArgument, "the augmentation \(self)",
        remedy: "give a crop of positive size and a probability from 0 to 1")
    }
  }

  /// The format of what is taken of an image.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the crop is larger than the image.
  func delivered(_ format: ImageFormat, image: Int) throws(StoreError) -> ImageFormat {
    switch crop {
    case nil, .padded: return format
    case .fixed(let region):
      guard region.isContained(in: format) else { throw .outside(region, of: format, image: image) }
      return format.cropped(to: region)
    case .random(let height, let width):
      let region = ImageRegion(row: 0, column: 0, height: height, width: width)
      guard region.isContained(in: format) else { throw .outside(region, of: format, image: image) }
      return format.cropped(to: region)
    }
  }

  /// Whether a choice is drawn for each image.
  var isRandom: Bool {
    if flipProbability > 0 { return true }
    switch crop {
    case nil, .fixed: return false
    case .random, .padded: return true
    }
  }
}

/// The choice made for one image: where its crop begins, and whether it is flipped.
struct AugmentationChoice {
  var row = 0
  var column = 0
  var isFlipped = false

  /// - Parameters:
  ///   - sample: the number the choice depends on.
  ///   - format: the image's format; the crop has been checked against it.
  init(_ augmentation: Augmentation, key: RandomKey, sample: Int, format: ImageFormat) {
    let counter = UInt64(truncatingIfNeeded: sample) &* 3
    if augmentation.flipProbability > 0 {
      isFlipped = Double(key.word(counter) >> 11) * 0x1p-53 < augmentation.flipProbability
    }
    switch augmentation.crop {
    case nil: break
    case .fixed(let region):
      row = region.row
      column = region.column
    case .random(let height, let width):
      row = key.word(counter &+ 1).scaled(to: format.height - height + 1)
      column = key.word(counter &+ 2).scaled(to: format.width - width + 1)
    case .padded(let margin):
      row = key.word(counter &+ 1).scaled(to: 2 * margin + 1) - margin
      column = key.word(counter &+ 2).scaled(to: 2 * margin + 1) - margin
    }
  }
}
