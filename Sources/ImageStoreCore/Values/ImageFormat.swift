/// Height, width, channels and sample type of an image.
///
/// An image's bytes are row-major, height x width x channels, without padding; images of one
/// channel have the same bytes as height x width.
public struct ImageFormat: Sendable, Hashable, Codable {
  /// Rows.
  public let height: Int
  /// Pixels per row.
  public let width: Int
  /// Samples per pixel.
  public let channels: Int
  /// The type of a sample.
  public let elementType: ElementType

  /// The most bytes one image may take (64 GiB). A header that asks for more is refused.
  public static let maximumByteCount = 1 << 36

  /// Creates a format from numbers that the program knows to be valid.
  ///
  /// - Precondition: each of `height`, `width` and `channels` is positive and an image takes no more
  ///   than ``maximumByteCount`` bytes. Numbers read from a file go through
  ///   ``init(validating:width:channels:elementType:)``.
  public init(height: Int, width: Int, channels: Int = 1, elementType: ElementType = .uint8) {
    guard
      let format = ImageFormat(
        exactly: height, width: width, channels: channels, elementType: elementType)
    else {
      preconditionFailure("no image has the format \(height)x\(width)x\(channels)")
    }
    self = format
  }

  /// Creates a format from numbers read from a file.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if a number is not positive or the image would
  ///   take more than ``maximumByteCount`` bytes.
  public init(
    validating height: Int, width: Int, channels: Int, elementType: ElementType
  ) throws(StoreError) {
    guard
      let format = ImageFormat(
        exactly: height, width: width, channels: channels, elementType: elementType)
    else {
      throw StoreError(
        .limitExceeded,
        "an image cannot have \(height)x\(width)x\(channels) \(elementType.name) samples",
        remedy: "sizes must be positive and an image at most \(Self.maximumByteCount) bytes")
    }
    self = format
  }

  private init?(exactly height: Int, width: Int, channels: Int, elementType: ElementType) {
    guard height > 0, width > 0, channels > 0 else { return nil }
    let (pixels, overflow1) = height.multipliedReportingOverflow(by: width)
    let (samples, overflow2) = pixels.multipliedReportingOverflow(by: channels)
    let (bytes, overflow3) = samples.multipliedReportingOverflow(by: elementType.byteCount)
    guard !overflow1, !overflow2, !overflow3, bytes <= Self.maximumByteCount else { return nil }
    self.height = height
    self.width = width
    self.channels = channels
    self.elementType = elementType
  }

  /// Bytes per pixel.
  @inlinable public var bytesPerPixel: Int { channels &* elementType.byteCount }
  /// Bytes per row.
  @inlinable public var bytesPerRow: Int { width &* bytesPerPixel }
  /// Bytes per image.
  @inlinable public var byteCount: Int { height &* bytesPerRow }
  /// Samples per image.
  @inlinable public var sampleCount: Int { height &* width &* channels }

  /// The same format at another size.
  public func resized(height: Int, width: Int) -> ImageFormat {
    ImageFormat(height: height, width: width, channels: channels, elementType: elementType)
  }

  /// The format of a crop of this format.
  public func cropped(to region: ImageRegion) -> ImageFormat {
    resized(height: region.height, width: region.width)
  }

  /// numpy's shape of an image: two dimensions if there is one channel, else three.
  public var shape: [Int] {
    channels == 1 ? [height, width] : [height, width, channels]
  }

  private enum CodingKeys: String, CodingKey {
    case height, width, channels, elementType
  }

  /// Decodes a format, checked as ``init(validating:width:channels:elementType:)`` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      validating: container.decode(Int.self, forKey: .height),
      width: container.decode(Int.self, forKey: .width),
      channels: container.decode(Int.self, forKey: .channels),
      elementType: container.decode(ElementType.self, forKey: .elementType))
  }
}

extension ImageFormat: CustomStringConvertible {
  /// For example `32x32x3 uint8`.
  public var description: String { "\(height)x\(width)x\(channels) \(elementType.name)" }
}
