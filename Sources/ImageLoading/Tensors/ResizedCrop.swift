internal import ImageStoreCore

/// Draws the region of a random crop that is resized, as torchvision's `RandomResizedCrop` does: up
/// to ten areas and aspect ratios, of which the first that fits is used; otherwise the largest
/// region in the middle whose ratio is allowed.
///
/// Powers are calculated from square roots, which every machine rounds in the same way.
struct ResizedCrop: Sendable {
  private let scale: ClosedRange<Double>
  private let ratio: ClosedRange<Double>
  /// (greatest / least) to the power of 2^-1, 2^-2, ..., 2^-32.
  private let roots: [Double]

  private static let attempts: UInt64 = 10
  /// The words of the position, after those of the attempts.
  private static let rowWord: UInt64 = 20
  private static let columnWord: UInt64 = 21

  init(scale: ClosedRange<Double>, ratio: ClosedRange<Double>) {
    self.scale = scale
    self.ratio = ratio
    var root = ratio.upperBound / ratio.lowerBound
    roots = (0..<32).map { _ in
      root = root.squareRoot()
      return root
    }
  }

  /// The region of an image.
  ///
  /// - Parameter key: of the image.
  func region(of format: ImageFormat, _ key: RandomKey) -> ImageRegion {
    let (rows, columns) = (format.height, format.width)
    let area = Double(rows) * Double(columns)
    for attempt in 0..<Self.attempts {
      let wanted =
        area * (scale.lowerBound + (scale.upperBound - scale.lowerBound) * key.word(2 &* attempt).unit)
      let aspect = ratio.lowerBound * power(of: key.word(2 &* attempt &+ 1))
      let width = (wanted * aspect).squareRoot().rounded(.toNearestOrEven)
      let height = (wanted / aspect).squareRoot().rounded(.toNearestOrEven)
      guard width >= 1, height >= 1, width <= Double(columns), height <= Double(rows) else { continue }
      let (h, w) = (Int(height), Int(width))
      return ImageRegion(
        row: key.word(Self.rowWord).scaled(to: rows - h + 1),
        column: key.word(Self.columnWord).scaled(to: columns - w + 1), height: h, width: w)
    }
    return middle(rows, columns)
  }

  private func middle(_ rows: Int, _ columns: Int) -> ImageRegion {
    let aspect = Double(columns) / Double(rows)
    var (height, width) = (rows, columns)
    if aspect < ratio.lowerBound {
      height = min(rows, max(1, Int((Double(columns) / ratio.lowerBound).rounded(.toNearestOrEven))))
    } else if aspect > ratio.upperBound {
      width = min(columns, max(1, Int((Double(rows) * ratio.upperBound).rounded(.toNearestOrEven))))
    }
    return ImageRegion(row: (rows - height) / 2, column: (columns - width) / 2, height: height, width: width)
  }

  /// (greatest / least) to the power of a number from 0 to 1, whose binary digits are the highest
  /// 32 bits of a word.
  private func power(of word: UInt64) -> Double {
    var product = 1.0
    for digit in 0..<32 where word >> (63 - UInt64(digit)) & 1 == 1 { product *= roots[digit] }
    return product
  }
}
