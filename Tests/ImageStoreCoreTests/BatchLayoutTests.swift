import ImageStoreCore
import Testing

@Suite struct BatchLayoutTests {
  let small = ImageFormat(height: 2, width: 3)
  let large = ImageFormat(height: 4, width: 5, channels: 3, elementType: .uint16)

  @Test func imagesOfOneFormat() {
    let layout = BatchLayout(large, count: 3)
    #expect(layout.count == 3)
    #expect(layout.byteCount == 360)
    #expect(layout.uniformFormat == large)
    #expect((0..<3).map { layout.byteRange(of: $0) } == [0..<120, 120..<240, 240..<360])
    #expect(layout == BatchLayout([large, large, large]))
  }

  @Test func imagesOfDifferentFormats() {
    let layout = BatchLayout([small, large, small])
    #expect(layout.count == 3)
    #expect(layout.byteCount == 132)
    #expect(layout.uniformFormat == nil)
    #expect((0..<3).map { layout[$0] } == [small, large, small])
    #expect((0..<3).map { layout.byteRange(of: $0) } == [0..<6, 6..<126, 126..<132])
  }

  @Test func noImages() {
    #expect(BatchLayout([]).count == 0)
    #expect(BatchLayout([]).byteCount == 0)
    #expect(BatchLayout([]).uniformFormat == nil)
    #expect(BatchLayout(small, count: 0).byteCount == 0)
  }
}
