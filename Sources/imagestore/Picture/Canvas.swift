internal import ImageStoreCore
internal import PNGCodec

/// A picture of red, green and blue bytes.
struct Canvas {
  let width: Int
  let height: Int
  private(set) var samples: [UInt8]

  init(width: Int, height: Int, gray: UInt8 = 255) {
    self.width = width
    self.height = height
    samples = [UInt8](repeating: gray, count: width * height * 3)
  }

  subscript(row: Int, column: Int) -> (UInt8, UInt8, UInt8) {
    get {
      let start = (row * width + column) * 3
      return (samples[start], samples[start + 1], samples[start + 2])
    }
    set {
      let start = (row * width + column) * 3
      (samples[start], samples[start + 1], samples[start + 2]) = newValue
    }
  }

  /// Draws another picture with its top left corner at a pixel.
  mutating func draw(_ picture: Canvas, row: Int, column: Int) {
    for y in 0..<picture.height {
      let source = y * picture.width * 3
      let start = ((row + y) * width + column) * 3
      samples.replaceSubrange(
        start..<start + picture.width * 3, with: picture.samples[source..<source + picture.width * 3])
    }
  }

  /// Draws the outline of a rectangle.
  mutating func frame(row: Int, column: Int, width: Int, height: Int, gray: UInt8) {
    for x in column..<column + width {
      self[row, x] = (gray, gray, gray)
      self[row + height - 1, x] = (gray, gray, gray)
    }
    for y in row..<row + height {
      self[y, column] = (gray, gray, gray)
      self[y, column + width - 1] = (gray, gray, gray)
    }
  }

  /// The picture with each pixel `factor` times as wide and high.
  func enlarged(_ factor: Int) -> Canvas {
    guard factor > 1 else { return self }
    var result = Canvas(width: width * factor, height: height * factor)
    for row in 0..<result.height {
      for column in 0..<result.width { result[row, column] = self[row / factor, column / factor] }
    }
    return result
  }

  /// The picture at a smaller size, each pixel the mean of those it replaces.
  func reduced(width newWidth: Int, height newHeight: Int) -> Canvas {
    var result = Canvas(width: newWidth, height: newHeight)
    for row in 0..<newHeight {
      let rows = row * height / newHeight..<max(row * height / newHeight + 1, (row + 1) * height / newHeight)
      for column in 0..<newWidth {
        let columns =
          column * width / newWidth..<max(column * width / newWidth + 1, (column + 1) * width / newWidth)
        var (red, green, blue) = (0, 0, 0)
        for y in rows {
          for x in columns {
            let pixel = self[y, x]
            red += Int(pixel.0)
            green += Int(pixel.1)
            blue += Int(pixel.2)
          }
        }
        let count = rows.count * columns.count
        result[row, column] = (UInt8(red / count), UInt8(green / count), UInt8(blue / count))
      }
    }
    return result
  }

  func png() throws(StoreError) -> [UInt8] {
    var encoder = try PNGEncoder(compression: .small)
    try unsafe encoder.encode(
      samples.span.bytes, format: ImageFormat(height: height, width: width, channels: 3))
    return [UInt8](copying: encoder.bytes)
  }
}
