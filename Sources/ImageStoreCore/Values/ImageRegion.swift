/// A rectangle of pixels within an image.
public struct ImageRegion: Sendable, Hashable, Codable {
  /// The first row.
  public var row: Int
  /// The first column.
  public var column: Int
  /// Rows, at least 1 when the region is used.
  public var height: Int
  /// Columns, at least 1 when the region is used.
  public var width: Int

  /// Creates a region; whether it is within an image is checked when it is used.
  @inlinable
  public init(row: Int, column: Int, height: Int, width: Int) {
    self.row = row
    self.column = column
    self.height = height
    self.width = width
  }

  /// The region that is the whole of an image.
  @inlinable
  public init(wholeOf format: ImageFormat) {
    self.init(row: 0, column: 0, height: format.height, width: format.width)
  }

  /// Whether the region is not empty and is within an image of that format.
  @inlinable
  public func isContained(in format: ImageFormat) -> Bool {
    row >= 0 && column >= 0 && height > 0 && width > 0
      && height <= format.height && row <= format.height - height
      && width <= format.width && column <= format.width - width
  }
}

extension ImageRegion: CustomStringConvertible {
  /// For example `256x256 at row 555, column 777`.
  public var description: String { "\(height)x\(width) at row \(row), column \(column)" }
}

/// The part of each image that a read delivers.
public enum ImageRegions: Sendable, Hashable {
  /// Whole images.
  case whole
  /// The same region of every image.
  case same(ImageRegion)
  /// A region of each image, such as random crops: as many as there are images. The regions may
  /// differ in size, but then the images of a batch have no common shape.
  case each([ImageRegion])
}

extension ImageRegions {
  /// Lends the regions as ``ImageStore/read(_:regions:into:)`` takes them: none, one, or one for each image.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one region for each image, and
  ///   what `body` throws.
  package func withSpan(
    images count: Int, _ body: (Span<ImageRegion>) throws(StoreError) -> Void
  ) throws(StoreError) {
    switch self {
    case .whole: try body(Span())
    case .same(let region): try ImageStoreCore.withSpan(of: region, body)
    case .each(let regions):
      guard regions.count == count else {
        throw StoreError(
          .invalidArgument, "\(regions.count) regions for \(count) images",
          remedy: "give one for each image, or one for all with .same")
      }
      try body(regions.span)
    }
  }
}
