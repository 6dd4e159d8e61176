public import ImageStoreCore

/// How a loader changed one image: which part of it was used, what size that was resized to, and
/// how it was turned.
///
/// ``position(row:column:)`` transforms boxes and keypoints in the same way:
///
///     let corner = batch.transforms[0].position(row: box.top, column: box.left)
public struct ImageTransform: Sendable, Hashable {
  /// The region of the stored image that was used.
  public var region: ImageRegion
  /// The rows that the region was resized to; its own height if it was not.
  public var height: Int
  /// The columns that the region was resized to; its own width if it was not.
  public var width: Int
  /// The part of the resized region that was delivered. Pixels outside the region are zeros.
  public var window: ImageRegion
  /// How many times the window was then turned by 90 degrees, counterclockwise: 0 to 3.
  public var quarterTurns: Int
  /// Whether it was then flipped, top to bottom.
  public var isFlippedVertically: Bool
  /// Whether it was then flipped, left to right.
  public var isFlippedHorizontally: Bool
  /// The factors of brightness, contrast and saturation; nil if colors were not changed.
  public var colors: ColorFactors?

  /// A region of an image as it is stored.
  init(_ region: ImageRegion) {
    self.region = region
    height = region.height
    width = region.width
    window = ImageRegion(row: 0, column: 0, height: region.height, width: region.width)
    quarterTurns = 0
    isFlippedVertically = false
    isFlippedHorizontally = false
  }

  /// The request to a resampler.
  func request(_ filter: ResizeFilter) -> ResampleRequest {
    ResampleRequest(region: region, height: height, width: width, window: window, filter: filter)
  }

  /// The rows and columns that were delivered.
  public var deliveredSize: (height: Int, width: Int) {
    quarterTurns % 2 == 0 ? (window.height, window.width) : (window.width, window.height)
  }

  /// The position of a point of the stored image in the delivered image.
  ///
  /// Points are in pixels from the upper left corner of the image, so that the middle of its first
  /// pixel is (0.5, 0.5). A point that was not delivered has a position outside the image.
  public func position(row: Double, column: Double) -> (row: Double, column: Double) {
    var y = (row - Double(region.row)) * Double(height) / Double(region.height) - Double(window.row)
    var x = (column - Double(region.column)) * Double(width) / Double(region.width) - Double(window.column)
    var (rows, columns) = (Double(window.height), Double(window.width))
    for _ in 0..<quarterTurns {
      (y, x) = (columns - x, y)
      (rows, columns) = (columns, rows)
    }
    if isFlippedVertically { y = rows - y }
    if isFlippedHorizontally { x = columns - x }
    return (y, x)
  }
}
