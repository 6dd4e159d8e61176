public import ImageStoreCore

/// How the images of a batch are resized, cropped, turned, flipped and recolored while they are read.
///
/// The steps are taken in this order: ``resizing``, ``crop``, ``rotatesByRightAngles``,
/// ``verticalFlipProbability``, ``flipProbability``, ``colorJitter``. The choices for an image
/// depend only on the seed, the epoch and its index (its position if the order draws with
/// replacement), and not on batches, shards, workers or the position at which an epoch was resumed.
/// `Docs/SampleOrder.md` has the draws to the bit. ``LoadedBatch/transforms`` has the choices that
/// were made.
///
///     let training = Augmentation(crop: .randomResized(height: 224, width: 224), flipProbability: 0.5)
///     let evaluation = Augmentation(resizing: .shorterSide(256), crop: .center(height: 224, width: 224))
public struct Augmentation: Sendable, Hashable {
  /// The region of each image that is used.
  ///
  /// Saved augmentations have the names of the cases and of their values.
  public enum Crop: Sendable, Hashable, Codable {
    /// The same region of every image.
    case fixed(ImageRegion)
    /// A region of this size at a random position in the image.
    case random(height: Int, width: Int)
    /// A region of the image's own size at a random position in the image with this many rows and columns of
    /// zeros around it.
    case padded(by: Int)
    /// The region of this size in the middle, as torchvision's `CenterCrop` takes it.
    case center(height: Int, width: Int)
    /// A region of random area, aspect ratio and position, resized to this size, as torchvision's
    /// `RandomResizedCrop` draws it.
    ///
    /// - Parameters:
    ///   - scale: the area of the region as a share of the image's.
    ///   - ratio: the width of the region over its height.
    case randomResized(
      height: Int, width: Int, scale: ClosedRange<Double> = 0.08...1,
      ratio: ClosedRange<Double> = 3.0 / 4...4.0 / 3)
  }

  /// How images are resized before they are cropped; nil keeps their size.
  public var resizing: Resizing?
  /// The region of each image that is used; nil for whole images.
  public var crop: Crop?
  /// How pixels are interpolated; setting it is an error if nothing is resized. Masks of a pair are
  /// always resized by ``ImageStoreCore/ResizeFilter/nearest``.
  public var filter: ResizeFilter
  /// Whether each image is turned by 0, 90, 180 or 270 degrees, each with the same probability. The
  /// delivered images must be square.
  public var rotatesByRightAngles: Bool
  /// The probability that an image is flipped vertically, top to bottom.
  public var verticalFlipProbability: Double
  /// The probability that an image is flipped horizontally, left to right.
  public var flipProbability: Double
  /// How much brightness, contrast and saturation vary; nil for colors as they are. Masks of a pair
  /// keep theirs.
  public var colorJitter: ColorJitter?
  /// The seed of the choices; nil for the seed of the order.
  public var seed: UInt64?
  /// The epoch of the choices; nil for the epoch of the order.
  public var epoch: Int?

  /// Creates an augmentation; the parameters are the properties.
  public init(
    resizing: Resizing? = nil, crop: Crop? = nil, filter: ResizeFilter = .bilinear,
    rotatesByRightAngles: Bool = false, verticalFlipProbability: Double = 0, flipProbability: Double = 0,
    colorJitter: ColorJitter? = nil, seed: UInt64? = nil, epoch: Int? = nil
  ) {
    self.resizing = resizing
    self.crop = crop
    self.filter = filter
    self.rotatesByRightAngles = rotatesByRightAngles
    self.verticalFlipProbability = verticalFlipProbability
    self.flipProbability = flipProbability
    self.colorJitter = colorJitter
    self.seed = seed
    self.epoch = epoch
  }

  /// Whole images as they are.
  public static let none = Augmentation()

  /// Checks that the numbers are valid for any image.
  func validate() throws(StoreError) {
    let isLegal =
      switch crop {
      case nil: true
      case .fixed(let region): region.height > 0 && region.width > 0
      case .random(let height, let width), .center(let height, let width): height > 0 && width > 0
      case .padded(let margin): margin >= 0 && margin <= 1 << 20
      case .randomResized(let height, let width, let scale, let ratio):
        height > 0 && width > 0 && scale.lowerBound > 0 && scale.upperBound <= 1 && ratio.lowerBound > 0
          && ratio.upperBound.isFinite
      }
    let probabilities = [flipProbability, verticalFlipProbability]
    guard isLegal, probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }), colorJitter?.isLegal ?? true else {
      throw StoreError(
        .invalidArgument, "the augmentation \(self) has a value out of range",
        remedy: "give a crop of positive size, scales over 0 and at most 1, and probabilities from 0 to 1")
    }
    try resizing?.validate()
    if filter != .bilinear, !resizes {
      throw StoreError(
        .invalidArgument, "the filter \(filter.rawValue) has no effect, because nothing is resized",
        remedy: "leave it out, or give resizing or a crop that resizes")
    }
    switch (resizing, crop) {
    case (_?, .randomResized):
      throw StoreError(
        .invalidArgument, "the random crop already sets a size, so resizing before it has no effect",
        remedy: "leave out resizing, or use a random crop that keeps the size")
    case (.fill, .padded):
      throw StoreError(
        .invalidArgument, "padding with zeros makes no sense for images that were cropped to fill a size",
        remedy: "resize images to a larger size and take a random crop of them")
    default: break
    }
  }

  /// Whether images are resized.
  private var resizes: Bool {
    if case .randomResized = crop { true } else { resizing != nil }
  }

  /// Whether images are resized, turned or recolored, and not only cropped and flipped.
  var isPlaced: Bool {
    if resizing != nil || rotatesByRightAngles || verticalFlipProbability > 0 || colorJitter != nil {
      return true
    }
    return switch crop {
    case .center, .randomResized: true
    case nil, .fixed, .random, .padded: false
    }
  }

  /// Whether a choice is drawn for each image.
  var isRandom: Bool {
    if flipProbability > 0 || verticalFlipProbability > 0 || rotatesByRightAngles || colorJitter != nil {
      return true
    }
    return switch crop {
    case nil, .fixed, .center: false
    case .random, .padded, .randomResized: true
    }
  }
}

// Augmentations are saved with models: properties that are not set are left out, so that what
// earlier versions saved can still be read.
extension Augmentation: Codable {
  private enum CodingKeys: String, CodingKey {
    case resizing, crop, filter, rotatesByRightAngles, verticalFlipProbability
    case flipProbability = "mirrorProbability"
    case colorJitter, seed, epoch
  }

  /// Decodes an augmentation; properties that were not saved have their defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      resizing: try container.decodeIfPresent(Resizing.self, forKey: .resizing),
      crop: try container.decodeIfPresent(Crop.self, forKey: .crop),
      filter: try container.decodeIfPresent(ResizeFilter.self, forKey: .filter) ?? .bilinear,
      rotatesByRightAngles: try container.decodeIfPresent(Bool.self, forKey: .rotatesByRightAngles) ?? false,
      verticalFlipProbability:
        try container.decodeIfPresent(Double.self, forKey: .verticalFlipProbability) ?? 0,
      flipProbability: try container.decode(Double.self, forKey: .flipProbability),
      colorJitter: try container.decodeIfPresent(ColorJitter.self, forKey: .colorJitter),
      seed: try container.decodeIfPresent(UInt64.self, forKey: .seed),
      epoch: try container.decodeIfPresent(Int.self, forKey: .epoch))
  }

  /// Encodes the properties that are set.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(resizing, forKey: .resizing)
    try container.encodeIfPresent(crop, forKey: .crop)
    if filter != .bilinear { try container.encode(filter, forKey: .filter) }
    if rotatesByRightAngles { try container.encode(true, forKey: .rotatesByRightAngles) }
    if verticalFlipProbability != 0 {
      try container.encode(verticalFlipProbability, forKey: .verticalFlipProbability)
    }
    try container.encode(flipProbability, forKey: .flipProbability)
    try container.encodeIfPresent(colorJitter, forKey: .colorJitter)
    try container.encodeIfPresent(seed, forKey: .seed)
    try container.encodeIfPresent(epoch, forKey: .epoch)
  }
}
