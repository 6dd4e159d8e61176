internal import ImageStoreCore

/// Images side by side with their classes below.
struct ContactSheet {
  private var canvas: Canvas

  var width: Int { canvas.width }
  var height: Int { canvas.height }

  /// The longest side of a large image once reduced, and the one small images are enlarged towards.
  private static let thumbnail = 160
  private static let enlargement = 96
  /// Pixels around and between images, and from an image to its caption.
  private static let margin = 10
  private static let captionGap = 5
  /// The most bytes a picture may have.
  private static let maximumByteCount = 1 << 28

  /// - Parameter columns: images per row; nil for a picture a little wider than high.
  /// - Throws: ``StoreError/Code/invalidArgument`` for no images or too many for one picture.
  init(of store: any ImageStore, _ indices: [Int], columns: Int? = nil) throws(StoreError) {
    guard !indices.isEmpty else { throw StoreError(.invalidArgument, "there are no images to show") }
    var largest = (width: 1, height: 1)
    for index in indices {
      let size = Self.shownSize(try store.format(at: index))
      largest = (max(largest.width, size.width), max(largest.height, size.height))
    }
    let captions = try Self.captions(store, indices)
    let captionHeight = captions == nil ? 0 : Self.captionGap + Font.height
    let cell = (width: largest.width + 2, height: largest.height + 2 + captionHeight)
    let across =
      columns.map { min($0, indices.count) } ?? Self.columns(indices.count, cell.width, cell.height)
    let down = (indices.count + across - 1) / across
    let step = (column: cell.width + Self.margin, row: cell.height + Self.margin)
    let size = (width: across * step.column + Self.margin, height: down * step.row + Self.margin)
    guard size.width * 3 <= Self.maximumByteCount / size.height else {
      throw StoreError(
        .invalidArgument, "a picture of \(size.width) x \(size.height) pixels", remedy: "show fewer images")
    }
    canvas = Canvas(width: size.width, height: size.height, gray: 250)
    try store.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
      let row = Self.margin + position / across * step.row
      let column = Self.margin + position % across * step.column
      let picture = Self.fitted(Canvas(pixels, format), Self.shownSize(format))
      let top = row + (largest.height - picture.height) / 2
      let left = column + (largest.width - picture.width) / 2
      canvas.frame(
        row: top, column: left, width: picture.width + 2, height: picture.height + 2, gray: 190)
      canvas.draw(picture, row: top + 1, column: left + 1)
      if let captions {
        let text = Font.fitting(captions[position], width: cell.width)
        canvas.draw(
          text, row: row + largest.height + 2 + Self.captionGap,
          column: column + (cell.width - Font.width(of: text)) / 2, gray: 70)
      }
    }
  }

  func png() throws(StoreError) -> [UInt8] { try canvas.png() }

  /// The class of each image by its name or number, or nil if there are no labels.
  private static func captions(_ store: any ImageStore, _ indices: [Int]) throws(StoreError) -> [String]? {
    guard let labels = try store.labels() else { return nil }
    return indices.map { index in
      let label = labels[index]
      return store.classNames.flatMap { $0.indices.contains(label) ? $0[label] : nil } ?? "\(label)"
    }
  }

  private static func columns(_ count: Int, _ width: Int, _ height: Int) -> Int {
    let ideal = Int((Double(count) * 1.5 * Double(height) / Double(width)).squareRoot().rounded())
    guard count > 6 else { return count }
    // Of the numbers near the ideal one, that which leaves the fewest places of the last row empty.
    let candidates = [ideal, ideal - 1, ideal + 1].filter { $0 >= 3 && $0 <= count }
    let empty = { (across: Int) in (across - count % across) % across }
    return candidates.min { empty($0) < empty($1) } ?? count
  }

  /// The size an image is shown at: small ones a whole number of times as large, large ones reduced.
  private static func shownSize(_ format: ImageFormat) -> (width: Int, height: Int) {
    let longest = max(format.width, format.height)
    if longest <= thumbnail {
      let factor = max(1, enlargement / longest)
      return (format.width * factor, format.height * factor)
    }
    return (
      max(1, format.width * thumbnail / longest), max(1, format.height * thumbnail / longest)
    )
  }

  private static func fitted(_ picture: Canvas, _ size: (width: Int, height: Int)) -> Canvas {
    size.width >= picture.width && size.height >= picture.height
      ? picture.enlarged(size.width / picture.width)
      : picture.reduced(width: size.width, height: size.height)
  }
}
