internal import ImageStoreCore

extension Augmentation {
  /// The delivered format of an image that is only cropped and flipped.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the crop is larger than the image.
  func cropped(_ format: ImageFormat, image: Int) throws(StoreError) -> ImageFormat {
    switch crop {
    case .fixed(let region):
      guard region.isContained(in: format) else { throw .outside(region, of: format, image: image) }
      return format.cropped(to: region)
    case .random(let height, let width):
      let region = ImageRegion(row: 0, column: 0, height: height, width: width)
      guard region.isContained(in: format) else { throw .outside(region, of: format, image: image) }
      return format.cropped(to: region)
    // Crops that resize never get here.
    case nil, .padded, .center, .randomResized: return format
    }
  }
}

/// The choice made for one image that is only cropped and flipped: where its crop begins, and
/// whether it is flipped.
struct AugmentationChoice {
  var row = 0
  var column = 0
  var isFlipped = false

  /// An image as it is.
  init() {}

  /// - Parameters:
  ///   - sample: the number the choice depends on.
  ///   - height: the rows that the crop is taken from; it has been checked against them.
  ///   - width: the columns.
  init(_ augmentation: Augmentation, key: RandomKey, sample: Int, height: Int, width: Int) {
    let counter = UInt64(truncatingIfNeeded: sample) &* 3
    isFlipped = key.word(counter).isBelow(augmentation.flipProbability)
    switch augmentation.crop {
    case nil, .randomResized: break
    case .fixed(let region):
      row = region.row
      column = region.column
    case .random(let cropHeight, let cropWidth):
      row = key.word(counter &+ 1).scaled(to: height - cropHeight + 1)
      column = key.word(counter &+ 2).scaled(to: width - cropWidth + 1)
    case .padded(let margin):
      row = key.word(counter &+ 1).scaled(to: 2 * margin + 1) - margin
      column = key.word(counter &+ 2).scaled(to: 2 * margin + 1) - margin
    case .center(let cropHeight, let cropWidth):
      row = Self.middle(height - cropHeight)
      column = Self.middle(width - cropWidth)
    }
  }

  /// Half of what is left, rounded as Python rounds.
  private static func middle(_ rest: Int) -> Int { Int((Double(rest) / 2).rounded(.toNearestOrEven)) }
}

extension UInt64 {
  /// A number from 0 to 1, without 1.
  @inline(__always)
  var unit: Double { Double(self >> 11) * 0x1p-53 }

  /// Whether these random bits choose an event of a probability.
  @inline(__always)
  func isBelow(_ probability: Double) -> Bool { probability > 0 && unit < probability }
}
