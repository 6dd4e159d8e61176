import CImageStoreKernels
import ImageStoreTesting
import Testing

/// The kernels compared with loops that look at one bit at a time.
@Suite struct BitKernelTests {
  /// An image as bytes 0 and 1, and packed by the definition.
  struct Sample {
    let height: Int
    let width: Int
    let isLittle: Bool
    let pixels: [UInt8]

    init(height: Int, width: Int, isLittle: Bool, seed: UInt64) {
      var generator = SplitMix64(seed: seed)
      (self.height, self.width, self.isLittle) = (height, width, isLittle)
      pixels = (0..<height * width).map { _ in UInt8.random(in: 0...1, using: &generator) }
    }

    func bit(_ position: Int) -> UInt8 { isLittle ? 1 << (position % 8) : 128 >> (position % 8) }

    /// numpy.packbits of a crop along an axis.
    func packed(alongRows: Bool, _ region: (row: Int, column: Int, height: Int, width: Int)) -> [UInt8] {
      let (rows, columns) =
        alongRows ? ((region.height + 7) / 8, region.width) : (region.height, (region.width + 7) / 8)
      var bytes = [UInt8](repeating: 0, count: rows * columns)
      for y in 0..<region.height {
        for x in 0..<region.width where pixels[(region.row + y) * width + region.column + x] == 1 {
          if alongRows {
            bytes[y / 8 * columns + x] |= bit(y)
          } else {
            bytes[y * columns + x / 8] |= bit(x)
          }
        }
      }
      return bytes
    }

    func crop(_ region: (row: Int, column: Int, height: Int, width: Int)) -> [UInt8] {
      (0..<region.height).flatMap { y in
        (0..<region.width).map { x in pixels[(region.row + y) * width + region.column + x] }
      }
    }
  }

  private func check(
    _ sample: Sample, _ region: (row: Int, column: Int, height: Int, width: Int), alongRows: Bool
  ) {
    let whole = sample.packed(alongRows: alongRows, (0, 0, sample.height, sample.width))
    let expected = sample.crop(region)
    let count = expected.count
    // Exactly the bytes of the image, so that an address sanitizer sees what is read beyond.
    unsafe whole.withUnsafeBufferPointer { image in
      var bits = unsafe image_kernels_bits(
        image: image.baseAddress, stride: alongRows ? sample.width : (sample.width + 7) / 8,
        row: region.row, column: region.column, height: region.height, width: region.width,
        is_little: sample.isLittle)
      let guardByte: UInt8 = 0xA5
      var bytes = [UInt8](repeating: guardByte, count: count + 1)
      for one: UInt8 in [1, 255] {
        if alongRows {
          unsafe image_kernels_unpack_rows(&bits, one, &bytes)
        } else {
          unsafe image_kernels_unpack_columns(&bits, one, &bytes)
        }
        #expect(bytes == expected.map { $0 * one } + [guardByte])
      }
      var floats = [Float](repeating: -1, count: count + 1)
      if alongRows {
        unsafe image_kernels_unpack_rows_to_float(&bits, &floats)
      } else {
        unsafe image_kernels_unpack_columns_to_float(&bits, &floats)
      }
      #expect(floats == expected.map(Float.init) + [-1])
      let cropped = sample.packed(alongRows: alongRows, region)
      var again = [UInt8](repeating: guardByte, count: cropped.count + 1)
      if alongRows {
        unsafe image_kernels_crop_rows(&bits, &again)
      } else {
        unsafe image_kernels_crop_columns(&bits, &again)
      }
      #expect(again == cropped + [guardByte])
      let ones = unsafe alongRows ? image_kernels_count_rows(&bits) : image_kernels_count_columns(&bits)
      #expect(ones == expected.reduce(0) { $0 + Int($1) })
    }
  }

  @Test(arguments: [false, true], [false, true])
  func everyOffset(isLittle: Bool, alongRows: Bool) {
    let sample = Sample(height: 75, width: 150, isLittle: isLittle, seed: 1)
    for offset in 0..<64 {
      check(sample, (offset % 41, offset, 3, 80), alongRows: alongRows)
      check(sample, (offset, 7, 11, 33), alongRows: alongRows)
    }
  }

  /// Widths on both sides of whole words of pixels, at every column they can begin at; the last one ends with
  /// the image.
  @Test(arguments: [false, true], [false, true])
  func oddSizesAtEveryOffset(isLittle: Bool, alongRows: Bool) {
    for width in [1, 9, 31, 63, 64, 65, 127, 128, 129, 191] {
      let sample = Sample(height: 5, width: 63 + width, isLittle: isLittle, seed: UInt64(width))
      for offset in 0..<64 { check(sample, (offset % 3, offset, 2, width), alongRows: alongRows) }
    }
  }

  @Test(arguments: [false, true], [false, true])
  func everyWidth(isLittle: Bool, alongRows: Bool) {
    for width in 1...70 {
      let sample = Sample(height: 9, width: width, isLittle: isLittle, seed: UInt64(width))
      check(sample, (0, 0, 9, width), alongRows: alongRows)
      check(sample, (2, width - 1, 7, 1), alongRows: alongRows)
      check(sample, (8, width / 3, 1, width - width / 3), alongRows: alongRows)
    }
  }

  @Test(arguments: [false, true], [false, true])
  func longRows(isLittle: Bool, alongRows: Bool) {
    let sample = Sample(height: 3, width: 2_100, isLittle: isLittle, seed: 5)
    check(sample, (1, 3, 2, 2_090), alongRows: alongRows)
  }

  @Test(arguments: [false, true])
  func packs(isLittle: Bool) {
    for (height, width) in [(1, 1), (8, 8), (9, 31), (17, 32), (7, 33), (16, 100), (3, 7)] {
      let sample = Sample(height: height, width: width, isLittle: isLittle, seed: UInt64(height * width))
      for alongRows in [false, true] {
        let expected = sample.packed(alongRows: alongRows, (0, 0, height, width))
        var bytes = [UInt8](repeating: 0xA5, count: expected.count + 1)
        if alongRows {
          unsafe image_kernels_pack_rows(sample.pixels, height, width, isLittle, &bytes)
        } else {
          unsafe image_kernels_pack_columns(sample.pixels, height, width, isLittle, &bytes)
        }
        #expect(bytes == expected + [0xA5])
      }
    }
  }
}
