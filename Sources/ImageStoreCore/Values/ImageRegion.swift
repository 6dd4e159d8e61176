/// A rectangle of pixels within an image.
public struct ImageRegion: Sendable, Hashable, Codable {
  /// The first row.
  public var row: Int
  /// The first column.
  public var column: Int
  /// Rows, at least 1 where the region is used.
  public var height: Int
  /// Columns, at least 1 where the region is used.
  public var width: Int

  /// Creates a region; whether it lies within an image is checked when it is used.
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

  /// Whether the region is not empty and lies within an image of that format.
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
