/// One pass of an image: the pixels that stand in it and where they go.
struct PNGPass {
  var width: Int
  var height: Int
  var firstRow = 0
  var firstColumn = 0
  var rowStep = 1
  var columnStep = 1
}

/// The passes of an image one after another, without those that hold no pixel.
struct PNGPasses: Sequence, IteratorProtocol {
  private let width: Int
  private let height: Int
  private let isInterlaced: Bool
  private var index = 0

  init(width: Int, height: Int, isInterlaced: Bool) {
    self.width = width
    self.height = height
    self.isInterlaced = isInterlaced
  }

  mutating func next() -> PNGPass? {
    guard isInterlaced else {
      guard index == 0 else { return nil }
      index = 1
      return PNGPass(width: width, height: height)
    }
    while let start = Self.starts(index) {
      index += 1
      let (row, column, rowStep, columnStep) = start
      if row < height && column < width {
        return PNGPass(
          width: (width - column + columnStep - 1) / columnStep,
          height: (height - row + rowStep - 1) / rowStep,
          firstRow: row, firstColumn: column, rowStep: rowStep, columnStep: columnStep)
      }
    }
    return nil
  }

  /// First row, first column and the steps between them (ISO/IEC 15948, 8.2).
  private static func starts(_ pass: Int) -> (Int, Int, Int, Int)? {
    switch pass {
    case 0: (0, 0, 8, 8)
    case 1: (0, 4, 8, 8)
    case 2: (4, 0, 8, 4)
    case 3: (0, 2, 4, 4)
    case 4: (2, 0, 4, 2)
    case 5: (0, 1, 2, 2)
    case 6: (1, 0, 2, 1)
    default: nil
    }
  }
}

extension PNGHeader {
  var passes: PNGPasses {
    PNGPasses(width: width, height: height, isInterlaced: isInterlaced)
  }
}
