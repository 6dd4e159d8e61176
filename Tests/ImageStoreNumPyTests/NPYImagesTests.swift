import ImageStoreCore
import ImageStoreNumPy
import Testing

@Suite struct NPYImagesTests {
  /// The samples of a region of an image, by the array's strides.
  private func read(_ fixture: Fixture, image: Int, region: ImageRegion) throws -> [UInt8] {
    try unsafe fixture.withData { header, data in
      let images = try NPYImages(imagesOf: header)
      var bytes = [UInt8](repeating: 0xEE, count: images.format.cropped(to: region).byteCount)
      unsafe bytes.withUnsafeMutableBytes {
        unsafe images.copy(
          region, from: data.baseAddress! + image * images.imageStride, to: $0.baseAddress!)
      }
      return bytes
    }
  }

  /// The fixtures' samples are 0, 1, 2, ... in C order, times a factor.
  private func ramp(image: Int, region: ImageRegion) -> [Int] {
    (region.row..<region.row + region.height).flatMap { row in
      (region.column..<region.column + region.width).flatMap { column in
        (0..<3).map { ((image * 3 + row) * 4 + column) * 3 + $0 }
      }
    }
  }

  private static let regions = [
    ImageRegion(row: 0, column: 0, height: 3, width: 4),
    ImageRegion(row: 1, column: 2, height: 2, width: 1), ImageRegion(row: 2, column: 0, height: 1, width: 4),
  ]

  @Test(arguments: ["u1.npy", "u1-fortran.npy"], regions)
  func readsBytes(name: String, region: ImageRegion) throws {
    for image in 0..<2 {
      #expect(
        try read(Fixture(name), image: image, region: region)
          == ramp(image: image, region: region).map { UInt8($0) })
    }
  }

  @Test(arguments: regions)
  func readsBigEndianIntegers(region: ImageRegion) throws {
    let bytes = try read(Fixture("u2-big.npy"), image: 1, region: region)
    #expect(
      bytes == ramp(image: 1, region: region).flatMap { [UInt8($0 * 300 & 255), UInt8(($0 * 300) >> 8)] })
  }

  @Test(arguments: regions)
  func readsBigEndianFortranFloats(region: ImageRegion) throws {
    let bytes = try read(Fixture("f4-big-fortran.npy"), image: 1, region: region)
    let expected = ramp(image: 1, region: region).flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(Double(value) / 4).bitPattern >> (8 * UInt32($0))) }
    }
    #expect(bytes == expected)
  }

  @Test func readsShapes() throws {
    let type = NPYType(.uint8)
    let gray = try NPYImages(imageOf: NPYHeader(type, shape: [5, 7]))
    #expect(gray.format == ImageFormat(height: 5, width: 7))
    #expect(gray.count == 1)
    let color = try NPYImages(imageOf: NPYHeader(type, shape: [5, 7, 3]))
    #expect(color.format == ImageFormat(height: 5, width: 7, channels: 3))
    #expect(try NPYImages(imagesOf: NPYHeader(type, shape: [9, 5, 7])).format == gray.format)
    #expect(try NPYImages(imagesOf: NPYHeader(type, shape: [9, 5, 7, 3])).format == color.format)
    #expect(try NPYImages(imagesOf: NPYHeader(type, shape: [9, 5, 7, 3])).count == 9)
  }

  @Test(arguments: [[], [5], [5, 7, 3, 1], [0, 7], [5, 7, 0], [1 << 40, 1 << 20]])
  func refusesShapesThatAreNoImage(shape: [Int]) {
    #expect(throws: StoreError.self) { try NPYImages(imageOf: NPYHeader(NPYType(.uint8), shape: shape)) }
  }

  @Test func refusesTypesNoImageHas() {
    for type in [NPYType(.unicode, byteCount: 4), NPYType(.unsignedInteger, byteCount: 4)] {
      #expect(throws: StoreError.self) { try NPYImages(imageOf: NPYHeader(type, shape: [2, 2])) }
    }
  }

  @Test func makesTruthValuesZeroAndOne() {
    for count in 0..<40 {
      for seed in 0..<7 {
        var bytes = (0..<count).map { [0, 1, 2, 0x7F, 0x80, 0xFF, 0][($0 + seed) % 7] as UInt8 }
        let expected = bytes.map { $0 == 0 ? 0 : 1 as UInt8 }
        unsafe bytes.withUnsafeMutableBytes { unsafe NPYImages.normalizeBooleans(in: $0) }
        #expect(bytes == expected)
      }
    }
  }

  @Test func swapsByteOrder() {
    var bytes: [UInt8] = Array(0..<16)
    unsafe bytes.withUnsafeMutableBytes { unsafe swapByteOrder(of: $0, byteCount: 4) }
    #expect(bytes == [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])
    unsafe bytes.withUnsafeMutableBytes { unsafe swapByteOrder(of: $0, byteCount: 1) }
    #expect(bytes[0] == 3)
    unsafe bytes.withUnsafeMutableBytes { unsafe swapByteOrder(of: $0, byteCount: 2) }
    #expect(bytes[..<4] == [2, 3, 0, 1])
    unsafe bytes.withUnsafeMutableBytes { unsafe swapByteOrder(of: $0, byteCount: 8) }
    #expect(bytes[..<8] == [5, 4, 7, 6, 1, 0, 3, 2])
  }
}
