public import ImageStoreCore

/// The direction along which eight neighbouring pixels share a byte.
public enum PackingAxis: String, Sendable, Hashable, Codable, CaseIterable {
  /// Eight pixels one below another: `numpy.packbits(masks, axis=1)`, an array of
  /// (count, ceil(height/8), width).
  case rows
  /// Eight pixels side by side: `numpy.packbits(masks, axis=2)`, an array of
  /// (count, height, ceil(width/8)).
  case columns
}

/// Which bit of a byte is the first of its pixels, as `numpy.packbits` calls it.
public enum BitOrder: String, Sendable, Hashable, Codable, CaseIterable {
  /// The highest.
  case big
  /// The lowest.
  case little
}

/// How the pixels of one mask are packed in bytes.
public struct PackedBitLayout: Sendable, Hashable {
  /// Rows, and pixels per row, of a mask.
  public let height, width: Int
  /// The direction along which eight pixels share a byte.
  public let axis: PackingAxis
  /// Which bit of a byte is its first pixel.
  public let bitOrder: BitOrder

  /// Creates a layout from numbers read from a file.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` for sizes that no image can have.
  public init(
    height: Int, width: Int, axis: PackingAxis = .rows, bitOrder: BitOrder = .big
  ) throws(StoreError) {
    _ = try ImageFormat(validating: height, width: width, channels: 1, elementType: .bool)
    self.height = height
    self.width = width
    self.axis = axis
    self.bitOrder = bitOrder
  }

  /// The format of a mask: one channel of bool.
  public var format: ImageFormat { ImageFormat(height: height, width: width, elementType: .bool) }

  /// Rows of bytes.
  public var rows: Int { axis == .rows ? (height + 7) / 8 : height }
  /// Bytes per row.
  public var bytesPerRow: Int { axis == .columns ? (width + 7) / 8 : width }
  /// Bytes per mask.
  public var byteCount: Int { rows * bytesPerRow }

  /// The bytes that a region of a mask takes once it is packed by itself.
  func byteCount(of region: ImageRegion) -> Int {
    axis == .rows ? (region.height + 7) / 8 * region.width : region.height * ((region.width + 7) / 8)
  }
}
