import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport
import Testing

@Suite struct GeometryTests {
  /// The samples of a region of an image, by the array's strides.
  private func read(_ fixture: Fixture, image: Int, region: ImageRegion) throws -> [UInt8] {
    try unsafe fixture.withData { header, data in
      let images = try header.geometry()
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

  @Test func refusesTypesNoImageHas() {
    for type in [NPYType(.unicode, byteCount: 4), NPYType(.bytes, byteCount: 1)] {
      #expect(throws: StoreError.self) { try NPYHeader(type, shape: [2, 2]).geometry() }
    }
  }
}
