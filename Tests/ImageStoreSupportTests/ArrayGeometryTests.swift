import ImageStoreCore
import ImageStoreSupport
import Testing

/// Arrays of images whose axes are in any order: each sample has a value of its own, found by its place.
struct ArrayGeometryTests {
  private static let extents: [Dimensions.Axis: Int] = [.image: 3, .row: 5, .column: 4, .channel: 2]

  /// The value of a sample.
  private static func value(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> UInt16 {
    UInt16(((n * 5 + h) * 4 + w) * 2 + c)
  }

  private static func permutations(_ axes: [Dimensions.Axis]) -> [[Dimensions.Axis]] {
    guard axes.count > 1 else { return [axes] }
    return axes.indices.flatMap { index in
      var rest = axes
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }

  @Test(arguments: [false, true], [false, true])
  func everyOrder(isFortranOrder: Bool, isSwapped: Bool) throws {
    for letters in [["N", "H", "W", "C"], ["N", "H", "W"], ["H", "W", "C"], ["H", "W"]] as [[Character]] {
      for order in Self.permutations(letters.map { Dimensions.Axis(rawValue: $0)! }) {
        var description = StoreDescription()
        description.dimensions = Dimensions(String(order.map(\.rawValue)))
        let shape = order.map { Self.extents[$0]! }
        var array = [UInt16](repeating: 0, count: shape.reduce(1, *))
        // Each element of the array by the plain rule of C or Fortran.
        for linear in array.indices {
          var rest = linear
          var place: [Dimensions.Axis: Int] = [:]
          for position in isFortranOrder ? Array(shape.indices) : shape.indices.reversed() {
            place[order[position]] = rest % shape[position]
            rest /= shape[position]
          }
          let value = Self.value(place[.image] ?? 0, place[.row]!, place[.column]!, place[.channel] ?? 0)
          array[linear] = isSwapped ? value.byteSwapped : value
        }
        let geometry = try ArrayGeometry(
          shape: shape, isFortranOrder: isFortranOrder, elementType: .uint16, isSwapped: isSwapped, .images,
          description)
        let channels = letters.contains("C") ? 2 : 1
        #expect(geometry.count == (letters.contains("N") ? 3 : 1))
        #expect(
          geometry.format == ImageFormat(height: 5, width: 4, channels: channels, elementType: .uint16))
        let region = ImageRegion(row: 1, column: 2, height: 3, width: 2)
        for n in 0..<geometry.count {
          var copy = [UInt16](repeating: .max, count: region.height * region.width * channels)
          unsafe array.withUnsafeBytes { array in
            unsafe copy.withUnsafeMutableBytes {
              unsafe geometry.copy(
                region, from: array.baseAddress! + n * geometry.imageStride, to: $0.baseAddress!)
            }
          }
          let expected = (1..<4).flatMap { h in
            (2..<4).flatMap { w in (0..<channels).map { Self.value(n, h, w, $0) } }
          }
          #expect(copy == expected, "\(description.dimensions!) \(n)")
        }
      }
    }
  }

  @Test(
    arguments: [
      ([12, 8, 10, 3], nil, "NHWC 12 8x10x3"), ([12, 8, 10], nil, "NHW 12 8x10x1"),
      ([8, 10], nil, "HW 1 8x10x1"),
      ([12, 3, 8, 10], "8x10x3", "NCHW 12 8x10x3"), ([12, 80], "8x10", "ND 12 8x10x1"),
      ([8, 10, 3], "8x10x3", "HWC 1 8x10x3"), ([8, 10], "8x10", "HW 1 8x10x1"),
    ] as [([Int], String?, String)])
  func shapes(shape: [Int], said: String?, expected: String) throws {
    var description = StoreDescription()
    if let said {
      let sizes = said.split(separator: "x").map { Int($0)! }
      description.shape = ImageShape(
        height: sizes[0], width: sizes[1], channels: sizes.count > 2 ? sizes[2] : nil)
    }
    let found = try ArrayGeometry(shape: shape, elementType: .uint8, .images, description)
    #expect(
      "\(found.dimensions) \(found.count) \(found.format.height)x\(found.format.width)x\(found.format.channels)"
        == expected)
  }

  @Test func twoReadingsAreNotGuessed() throws {
    let error = #expect(throws: StoreError.self) {
      try ArrayGeometry(shape: [12, 3, 8, 10], elementType: .uint8)
    }
    #expect(error?.description.contains("NCHW") == true && error?.description.contains("3x8x10") == true)
    // What this package wrote has one reading.
    #expect(try ArrayGeometry(shape: [12, 3, 8, 10], elementType: .uint8, .ours).format.channels == 10)
  }

  @Test(
    arguments: [
      ([12, 8, 10, 3], "99x99x3", nil), ([12, 240], "8x10x4", nil), ([12, 240], "8x10x3", nil),
      ([12, 240], nil, nil), ([12], nil, nil),
      ([12, 8, 10, 3], nil, "NHW"), ([12, 240], nil, "ND"), ([1, 2, 3, 4, 5], nil, nil),
    ] as [([Int], String?, String?)])
  func refusals(shape: [Int], said: String?, dimensions: String?) throws {
    var description = StoreDescription()
    if let said {
      let sizes = said.split(separator: "x").map { Int($0)! }
      description.shape = ImageShape(height: sizes[0], width: sizes[1], channels: sizes[2])
    }
    description.dimensions = dimensions.flatMap { Dimensions($0) }
    if shape == [12, 240] && said == nil && dimensions == nil {
      // Two axes alone are a picture.
      #expect(try ArrayGeometry(shape: shape, elementType: .uint8).count == 1)
      return
    }
    #expect(throws: StoreError.self) {
      try ArrayGeometry(shape: shape, elementType: .uint8, .images, description)
    }
  }

  @Test(arguments: ["NHWC", "nchw", "HW", "WH", "ND", "DN", "HWCN"]) func axes(letters: String) {
    #expect(Dimensions(letters)?.description == letters.uppercased())
  }

  @Test(arguments: ["", "N", "NH", "NHWD", "NHHW", "NXHW", "D", "CD"]) func noAxes(letters: String) {
    #expect(Dimensions(letters) == nil)
  }

  /// Samples in one axis whose order is stated: planes, or pixels, of an array in C's order or in Fortran's.
  @Test(arguments: ["NCHW", "NHWC", "NWHC"], [false, true])
  func samplesInOneAxis(letters: String, isFortranOrder: Bool) throws {
    var description = StoreDescription()
    description.dimensions = Dimensions(letters)
    description.shape = ImageShape(height: 5, width: 4, channels: 2)
    let geometry = try ArrayGeometry(
      shape: [3, 40], isFortranOrder: isFortranOrder, elementType: .uint16, .images, description)
    #expect(geometry.count == 3)
    #expect(geometry.format == ImageFormat(height: 5, width: 4, channels: 2, elementType: .uint16))
    let axes = Array(letters.dropFirst())
    var array = [UInt16](repeating: 0, count: 120)
    for n in 0..<3 {
      for d in 0..<40 {
        var rest = d
        var place: [Character: Int] = [:]
        for axis in axes.reversed() {
          let extent = ["H": 5, "W": 4, "C": 2][axis]!
          place[axis] = rest % extent
          rest /= extent
        }
        array[isFortranOrder ? n + 3 * d : 40 * n + d] = Self.value(n, place["H"]!, place["W"]!, place["C"]!)
      }
    }
    let whole = ImageRegion(row: 0, column: 0, height: 5, width: 4)
    for n in 0..<3 {
      var copy = [UInt16](repeating: .max, count: 40)
      unsafe array.withUnsafeBytes { array in
        unsafe copy.withUnsafeMutableBytes {
          unsafe geometry.copy(
            whole, from: array.baseAddress! + n * geometry.imageStride, to: $0.baseAddress!)
        }
      }
      #expect(copy == (0..<40).map { Self.value(n, $0 / 8, $0 / 2 % 4, $0 % 2) })
    }
  }

  @Test func axesThatLeaveSamplesOutAreRefused() {
    var description = StoreDescription()
    description.dimensions = "NHW"
    description.shape = ImageShape(height: 5, width: 4, channels: 2)
    #expect(throws: StoreError.self) {
      try ArrayGeometry(shape: [3, 40], elementType: .uint8, .images, description)
    }
  }
}
