public import ImageStoreCore

/// What the pixels of a batch are turned into while they are copied.
public struct TensorFormat: Sendable, Hashable, Codable {
  /// The order of a batch's dimensions.
  public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
    /// Image, row, column, channel: as images are stored.
    case nhwc
    /// Image, channel, row, column.
    case nchw
  }

  /// `float32`, `float16`, or nil for the store's own type.
  public let elementType: ElementType?
  /// The order of the dimensions.
  public let layout: Layout
  /// What is subtracted from a sample, in the store's units: one number for all channels or one each.
  public let mean: [Float]
  /// What the difference is multiplied by: one number for all channels or one each.
  public let scale: [Float]

  private init(elementType: ElementType?, layout: Layout, mean: [Float], scale: [Float]) {
    self.elementType = elementType
    self.layout = layout
    self.mean = mean
    self.scale = scale
  }

  /// Pixels as the store has them.
  public static let stored = TensorFormat(elementType: nil, layout: .nhwc, mean: [0], scale: [1])

  /// Pixels of the store's own type in another order.
  public static func stored(layout: Layout) -> TensorFormat {
    TensorFormat(elementType: nil, layout: layout, mean: [0], scale: [1])
  }

  /// Float32: `(sample - mean) * scale`, rounded after each step, the same on every machine.
  public static func float32(
    mean: [Float] = [0], scale: [Float] = [1], layout: Layout = .nchw
  ) -> TensorFormat {
    TensorFormat(elementType: .float32, layout: layout, mean: mean, scale: scale)
  }

  /// Float16: the Float32 value rounded to nearest, ties to even.
  public static func float16(
    mean: [Float] = [0], scale: [Float] = [1], layout: Layout = .nchw
  ) -> TensorFormat {
    TensorFormat(elementType: .float16, layout: layout, mean: mean, scale: scale)
  }

  /// Float32 from 8-bit samples by statistics in 0...1, as PyTorch's recipes print them:
  /// `(sample / 255 - mean) / deviation`.
  public static func standardized(
    mean: [Float], deviation: [Float], layout: Layout = .nchw
  ) -> TensorFormat {
    .float32(mean: mean.map { $0 * 255 }, scale: deviation.map { 1 / (255 * $0) }, layout: layout)
  }

  /// Checks that images of a format can become this.
  func validate(_ format: ImageFormat) throws(StoreError) {
    guard elementType != nil else { return }
    for (name, values) in [("means", mean), ("scales", scale)] {
      guard values.count == 1 || values.count == format.channels else {
        throw StoreError(
          .invalidArgument, "\(values.count) \(name) for \(format.channels) channels",
          remedy: "give one, or one a channel")
      }
    }
    guard format.channels <= Self.maximumChannels else {
      throw StoreError(
        .unsupported, "\(format.channels) channels, of which at most \(Self.maximumChannels) are converted",
        remedy: "take the pixels as they are stored")
    }
  }

  /// The most channels of images that are converted to another type.
  public static let maximumChannels = 1024
}
