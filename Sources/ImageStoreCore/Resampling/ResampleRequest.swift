/// A request for a resized region of an image.
package struct ResampleRequest: Sendable, Hashable {
  /// The part of the image that is resized. Neighbouring pixels do not affect the result: the part
  /// is cut out first.
  package var region: ImageRegion
  /// How many rows the region is resized to.
  package var height: Int
  /// How many columns the region is resized to.
  package var width: Int
  /// The part of the resized region that is delivered. It may extend beyond the region, where the
  /// result is 0.
  package var window: ImageRegion
  package var filter: ResizeFilter

  /// - Parameter window: by default the whole resized region.
  package init(
    region: ImageRegion, height: Int, width: Int, window: ImageRegion? = nil, filter: ResizeFilter = .bilinear
  ) {
    self.region = region
    self.height = height
    self.width = width
    self.window = window ?? ImageRegion(row: 0, column: 0, height: height, width: width)
    self.filter = filter
  }

  /// The format of what is delivered of an image.
  package func delivered(of format: ImageFormat) -> ImageFormat { format.cropped(to: window) }

  /// Whether the region keeps its size.
  package var keepsSize: Bool { height == region.height && width == region.width }

  /// The rows of the window that are rows of the resized region.
  package var rows: Range<Int> { Self.overlap(window.row, window.height, height) }
  /// The columns of the window that are columns of the resized region.
  package var columns: Range<Int> { Self.overlap(window.column, window.width, width) }

  private static func overlap(_ start: Int, _ length: Int, _ size: Int) -> Range<Int> {
    let first = min(max(0, start), size)
    return first..<max(first, min(size, start &+ length))
  }

  /// Checks the request before any memory is asked for.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a region outside the image, sizes that are
  ///   not positive, or truth values that would have to be averaged;
  ///   ``StoreError/Code/limitExceeded`` for more than an image has.
  package func validate(of format: ImageFormat) throws(StoreError) {
    guard region.isContained(in: format) else {
      throw StoreError(
        .invalidArgument, "the region \(region) is not within \(format.height)x\(format.width)")
    }
    guard height > 0, width > 0, window.height > 0, window.width > 0 else {
      throw StoreError(
        .invalidArgument,
        "a result of \(window.height)x\(window.width) pixels, of images resized to \(height)x\(width), is not possible",
        remedy: "give sizes of 1 or more")
    }
    let most = ImageFormat.maximumByteCount
    guard max(region.height, region.width) < 1 << 31, max(height, width) <= most,
      max(window.row.magnitude, window.column.magnitude) <= UInt(most)
    else {
      throw StoreError(
        .limitExceeded,
        "\(region.height)x\(region.width) pixels resized to \(height)x\(width), from row \(window.row) and column \(window.column) on, are too large",
        remedy: "keep each side below 2^31")
    }
    _ = try ImageFormat(
      validating: window.height, width: window.width, channels: format.channels,
      elementType: format.elementType)
    guard filter == .nearest || format.elementType != .bool else {
      throw StoreError(
        .invalidArgument,
        "bool images cannot be resized with \(filter.rawValue), which gives values between false and true",
        remedy: "resize them with nearest")
    }
  }
}
