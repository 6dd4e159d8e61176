import ImageStoreCore
import Testing

@Suite struct ImageFormatTests {
  @Test(arguments: [
    (0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1), (Int.max, Int.max, 4), (1 << 18, 1 << 18, 2),
  ])
  func refusesSizesNoImageHas(height: Int, width: Int, channels: Int) {
    #expect(throws: StoreError.self) {
      try ImageFormat(validating: height, width: width, channels: channels, elementType: .uint8)
    }
  }

  @Test func countsBytes() {
    let format = ImageFormat(height: 5, width: 7, channels: 3, elementType: .float32)
    #expect(format.bytesPerPixel == 12)
    #expect(format.bytesPerRow == 84)
    #expect(format.byteCount == 420)
    #expect(format.description == "5x7x3 float32")
  }
}
