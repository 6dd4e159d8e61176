import ImageStoreCore
import Testing

@Suite struct ImageRegionTests {
  /// Every region near an image, judged by whether each of its pixels is one of the image's.
  @Test func isContainedWhereAllItsPixelsAre() {
    let format = ImageFormat(height: 3, width: 2)
    for row in -2...4 {
      for column in -2...4 {
        for height in -1...4 {
          for width in -1...4 {
            let rows = height > 0 ? Array(row..<row + height) : []
            let columns = width > 0 ? Array(column..<column + width) : []
            let isInside =
              !rows.isEmpty && !columns.isEmpty
              && rows.allSatisfy((0..<3).contains) && columns.allSatisfy((0..<2).contains)
            let region = ImageRegion(row: row, column: column, height: height, width: width)
            #expect(region.isContained(in: format) == isInside, "\(region)")
          }
        }
      }
    }
  }

  @Test func numbersBeyondAllSizesAreOutside() {
    let format = ImageFormat(height: 3, width: 2)
    for extreme in [Int.max, Int.min] {
      for region in [
        ImageRegion(row: extreme, column: 0, height: 1, width: 1),
        ImageRegion(row: 0, column: extreme, height: 1, width: 1),
        ImageRegion(row: 1, column: 0, height: extreme, width: 1),
        ImageRegion(row: 0, column: 1, height: 1, width: extreme),
        ImageRegion(row: extreme, column: extreme, height: extreme, width: extreme),
      ] {
        #expect(!region.isContained(in: format), "\(region)")
      }
    }
    #expect(ImageRegion(wholeOf: format).isContained(in: format))
  }
}
