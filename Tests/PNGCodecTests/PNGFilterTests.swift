import CImageStoreKernels
import Testing

/// The kernels against the standard's definitions, one byte after another.
@Suite struct PNGFilterTests {
  func predict(_ type: Int, _ a: Int, _ b: Int, _ c: Int) -> Int {
    switch type {
    case 1: return a
    case 2: return b
    case 3: return (a + b) / 2
    case 4:
      let p = a + b - c
      let (da, db, dc) = (abs(p - a), abs(p - b), abs(p - c))
      return da <= db && da <= dc ? a : db <= dc ? b : c
    default: return 0
    }
  }

  func naiveFilter(_ types: [Int], _ pixels: [UInt8], rowBytes: Int, distance: Int) -> [UInt8] {
    var result: [UInt8] = []
    for (row, type) in types.enumerated() {
      result.append(UInt8(type))
      for i in 0..<rowBytes {
        let at = { (row: Int, i: Int) in row < 0 || i < 0 ? 0 : Int(pixels[row * rowBytes + i]) }
        let prediction = predict(type, at(row, i - distance), at(row - 1, i), at(row - 1, i - distance))
        result.append(UInt8(truncatingIfNeeded: at(row, i) - prediction))
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 4, 6, 8], 1...70)
  func kernelsFollowTheStandard(distance: Int, width: Int) {
    let rowBytes = width * distance
    var generator = SeededGenerator(seed: UInt64(distance * 1_000 + width))
    var types = Array(0...4) + Array(0...4)
    types.shuffle(using: &generator)
    // Runs of equal and of extreme values reach the ties of Paeth and the carries of Average.
    let pixels = (0..<rowBytes * types.count).map { index -> UInt8 in
      switch (index / 7) % 3 {
      case 0: .random(in: 0...255, using: &generator)
      case 1: [0, 255, 128, 127].randomElement(using: &generator)!
      default: UInt8(truncatingIfNeeded: index / 11)
      }
    }
    let filtered = naiveFilter(types, pixels, rowBytes: rowBytes, distance: distance)

    var apart = [UInt8](repeating: 0xEE, count: pixels.count + 8)
    var done = unsafe image_kernels_png_unfilter(
      filtered, &apart, rowBytes, rowBytes, types.count, distance)
    #expect(done == types.count)
    #expect(apart == pixels + [UInt8](repeating: 0xEE, count: 8))

    var inPlace = filtered + [0xEE]
    done = unsafe inPlace.withUnsafeMutableBufferPointer { bytes in
      unsafe image_kernels_png_unfilter(
        bytes.baseAddress!, bytes.baseAddress! + 1, rowBytes + 1, rowBytes, types.count, distance)
    }
    #expect(done == types.count)
    for row in types.indices {
      let start = row * (rowBytes + 1) + 1
      #expect(inPlace[start..<start + rowBytes] == pixels[row * rowBytes..<(row + 1) * rowBytes])
    }
    #expect(inPlace.last == 0xEE)

    for type in 0...4 {
      var output = [UInt8](repeating: 0xEE, count: filtered.count + 8)
      unsafe image_kernels_png_filter(
        Int32(type), pixels, &output, rowBytes, types.count, distance)
      let expected = naiveFilter(
        types.map { _ in type }, pixels, rowBytes: rowBytes, distance: distance)
      #expect(output == expected + [UInt8](repeating: 0xEE, count: 8), "filter \(type)")
    }
  }

  @Test func stopsAtAnUnknownFilter() {
    var rows = [UInt8](repeating: 0, count: 4 * 5)
    rows[2 * 5] = 5
    var pixels = [UInt8](repeating: 0, count: 16)
    let done = unsafe image_kernels_png_unfilter(rows, &pixels, 4, 4, 4, 1)
    #expect(done == 2)
  }
}
