public import ImageStoreCore

/// The form that the pixels of a batch are converted to while they are copied.
public struct TensorFormat: Sendable, Hashable, Codable {
  /// The order of a batch's four dimensions.
  public enum DimensionOrder: String, Sendable, Hashable, Codable, CaseIterable {
    /// Image, row, column, channel: as images are stored.
    case nhwc
    /// Image, channel, row, column.
    case nchw
  }

  /// `float32`, `float16`, or nil for the store's own type.
  public let elementType: ElementType?
  /// The order of the dimensions.
  public let dimensionOrder: DimensionOrder
  /// The numbers that are subtracted from samples, in the store's units: one for all channels, or
  /// one per channel. For a ``normalized(mean:standardDeviation:dimensions:)`` tensor, they are
  /// those for samples of 8 bits.
  public let mean: [Float]
  /// The numbers that the differences are multiplied by: one for all channels, or one per channel.
  /// For a ``normalized(mean:standardDeviation:dimensions:)`` tensor, they are those for samples of
  /// 8 bits.
  public let scale: [Float]
  /// Whether mean and scale are for samples of 8 bits and are adapted for other types.
  private var isNormalized: Bool?

  // The names in saved formats, which outlive those in code.
  private enum CodingKeys: String, CodingKey {
    case elementType
    case dimensionOrder = "layout"
    case mean, scale
    case isNormalized = "normalized"
  }

  private init(elementType: ElementType?, _ dimensions: DimensionOrder, mean: [Float], scale: [Float]) {
    self.elementType = elementType
    dimensionOrder = dimensions
    self.mean = mean
    self.scale = scale
  }

  /// Pixels as they are stored, in the order ``DimensionOrder/nhwc``.
  public static let stored = TensorFormat(elementType: nil, .nhwc, mean: [0], scale: [1])

  /// Pixels of the store's own type in another order of dimensions.
  public static func stored(dimensions: DimensionOrder) -> TensorFormat {
    TensorFormat(elementType: nil, dimensions, mean: [0], scale: [1])
  }

  /// Float32: `(sample - mean) * scale`, rounded after each step, the same on every machine.
  ///
  /// - Parameters:
  ///   - mean: in the store's units; one number, or one per channel.
  ///   - scale: one number, or one per channel.
  ///   - dimensions: the order of the dimensions.
  public static func float32(
    mean: [Float] = [0], scale: [Float] = [1], dimensions: DimensionOrder = .nchw
  ) -> TensorFormat {
    TensorFormat(elementType: .float32, dimensions, mean: mean, scale: scale)
  }

  /// Float16: the value of ``float32(mean:scale:dimensions:)`` rounded to nearest, ties to even.
  ///
  /// - Parameters:
  ///   - mean: in the store's units; one number, or one per channel.
  ///   - scale: one number, or one per channel.
  ///   - dimensions: the order of the dimensions.
  public static func float16(
    mean: [Float] = [0], scale: [Float] = [1], dimensions: DimensionOrder = .nchw
  ) -> TensorFormat {
    TensorFormat(elementType: .float16, dimensions, mean: mean, scale: scale)
  }

  /// Float32 by statistics of samples in 0...1, as PyTorch's recipes print them: `(sample /
  /// greatest - mean) / standardDeviation`, where `greatest` is 1 for `bool` and floats, 255 for
  /// `uint8` and 65535 for `uint16`. Samples of other types have no such range and are refused by
  /// the first batch.
  ///
  /// - Parameters:
  ///   - mean: from 0 to 1; one number, or one per channel.
  ///   - standardDeviation: over 0 (otherwise the first batch is an error); one number, or one per
  ///     channel.
  ///   - dimensions: the order of the dimensions.
  public static func normalized(
    mean: [Float], standardDeviation: [Float], dimensions: DimensionOrder = .nchw
  ) -> TensorFormat {
    var tensor = float32(
      mean: mean.map { $0 * 255 }, scale: standardDeviation.map { 1 / (255 * $0) }, dimensions: dimensions)
    tensor.isNormalized = true
    return tensor
  }

  /// The factor that the mean is multiplied by, and the scale divided by, for samples of a type;
  /// nil if the type has no range of its own.
  private func factor(for type: ElementType) -> Float? {
    guard isNormalized == true else { return 1 }
    return switch type {
    case .uint8: 1
    case .uint16: 257
    case .bool, .float16, .float32, .float64: 1 / 255
    case .uint32, .uint64, .int8, .int16, .int32, .int64: nil
    }
  }

  /// The mean and scale of a channel of images of a format that ``validate(_:)`` has accepted.
  func statistics(ofChannel channel: Int, _ format: ImageFormat) -> (mean: Float, scale: Float) {
    let factor = factor(for: format.elementType) ?? 1
    let mean = mean[mean.count == 1 ? 0 : channel]
    let scale = scale[scale.count == 1 ? 0 : channel]
    return factor == 1 ? (mean, scale) : (mean * factor, scale / factor)
  }

  /// Checks that images of a format can be converted.
  func validate(_ format: ImageFormat) throws(StoreError) {
    guard elementType != nil else { return }
    for (name, values) in [("means", mean), ("scales", scale)] {
      guard values.count == 1 || values.count == format.channels else {
        throw StoreError(
          .invalidArgument, "\(values.count) \(name) for \(format.channels) channels",
          remedy: "give one, or one per channel; converted(channels:) brings images to one number of channels"
        )
      }
    }
    guard scale.allSatisfy({ $0.isFinite && (isNormalized != true || $0 > 0) }), mean.allSatisfy(\.isFinite)
    else {
      throw StoreError(
        .invalidArgument,
        isNormalized == true
          ? "a standard deviation is not over 0, or a mean is not a number"
          : "a scale or mean is not a number",
        remedy: "give the statistics of the images")
    }
    guard factor(for: format.elementType) != nil else {
      throw StoreError(
        .unsupported, "samples of \(format.elementType.name) have no greatest value that could become 1",
        remedy: "give mean and scale in the images' own units by float32(mean:scale:)")
    }
    guard format.channels <= Self.maximumChannels else {
      throw StoreError(
        .unsupported,
        "images of \(format.channels) channels are not converted: \(Self.maximumChannels) is the limit",
        remedy: "read the pixels as they are stored")
    }
  }

  /// The most channels of images that are converted to another type.
  public static let maximumChannels = 1024
}
