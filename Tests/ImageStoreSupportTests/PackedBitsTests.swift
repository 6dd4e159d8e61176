import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Testing

/// Masks of one bit per pixel, packed here pixel by pixel by the rule of `numpy.packbits`.
struct PackedBitsTests {
  private static let (height, width, count) = (13, 20, 5)

  private static func pixel(_ mask: Int, _ row: Int, _ column: Int) -> UInt8 {
    UInt8((mask * 7 + row * 3 + column * column) % 5 & 1)
  }

  /// Sets bits of a run of bytes.
  private static func pack(_ bits: [UInt8], isLittle: Bool) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (position, bit) in bits.enumerated() where bit == 1 {
      bytes[position / 8] |= 1 << UInt8(isLittle ? position % 8 : 7 - position % 8)
    }
    return bytes
  }

  private static func description(_ axis: StoreDescription.PackingAxis, isLittle: Bool = false)
    -> StoreDescription
  {
    var description = StoreDescription()
    description.axis = axis
    description.bitOrder = isLittle ? .little : nil
    description.shape = ImageShape(height: height, width: width)
    return description
  }

  private func check(_ bits: PackedBits, _ bytes: [UInt8], seed: UInt64) {
    #expect(bits.count == Self.count && bits.byteCount == bytes.count)
    var generator = SplitMix64(seed: seed)
    for _ in 0..<40 {
      let mask = Int.random(in: 0..<Self.count, using: &generator)
      let height = Int.random(in: 1...Self.height, using: &generator)
      let width = Int.random(in: 1...Self.width, using: &generator)
      let region = ImageRegion(
        row: Int.random(in: 0...Self.height - height, using: &generator),
        column: Int.random(in: 0...Self.width - width, using: &generator), height: height, width: width)
      var found = [UInt8](repeating: 9, count: height * width)
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe found.withUnsafeMutableBytes {
          unsafe bits.unpack(region, of: mask, from: bytes.baseAddress!, to: $0.baseAddress!)
        }
      }
      let expected = (0..<height * width).map {
        Self.pixel(mask, region.row + $0 / width, region.column + $0 % width)
      }
      #expect(found == expected, "seed \(seed), mask \(mask), \(region)")
    }
  }

  @Test(arguments: [false, true]) func alongColumns(isLittle: Bool) throws {
    let bytes = (0..<Self.count).flatMap { mask in
      (0..<Self.height).flatMap { row in
        Self.pack((0..<Self.width).map { Self.pixel(mask, row, $0) }, isLittle: isLittle)
      }
    }
    for shape in [[5, 13, 3], [5, 1, 13, 3], nil] {
      check(
        try PackedBits(
          shape: shape, itemByteCount: shape == nil ? bytes.count : 1,
          Self.description(.columns, isLittle: isLittle)), bytes, seed: 1)
    }
  }

  @Test(arguments: [false, true]) func alongRows(isLittle: Bool) throws {
    var bytes = [UInt8](repeating: 0, count: 5 * 2 * 20)
    for mask in 0..<Self.count {
      for row in 0..<Self.height {
        for column in 0..<Self.width where Self.pixel(mask, row, column) == 1 {
          bytes[mask * 40 + row / 8 * 20 + column] |= 1 << UInt8(isLittle ? row % 8 : 7 - row % 8)
        }
      }
    }
    check(
      try PackedBits(shape: [5, 2, 20], itemByteCount: 1, Self.description(.rows, isLittle: isLittle)), bytes,
      seed: 2)
  }

  @Test func flat() throws {
    let masks = (0..<Self.count).map { mask in
      (0..<Self.height * Self.width).map { Self.pixel(mask, $0 / Self.width, $0 % Self.width) }
    }
    let together = Self.pack(masks.flatMap { $0 }, isLittle: false)
    check(
      try PackedBits(shape: [together.count], itemByteCount: 1, Self.description(.flat)), together, seed: 3)
    let each = masks.flatMap { Self.pack($0, isLittle: false) }
    check(try PackedBits(shape: [5, 33], itemByteCount: 1, Self.description(.flat)), each, seed: 4)
  }

  /// 195 bytes are 5 masks whose rows are padded, or 6 whose bits run on.
  @Test func paddingTellsWhichBareBytesAreMeant() throws {
    let padded = (0..<Self.count).flatMap { mask in
      (0..<Self.height).flatMap { row in
        Self.pack((0..<Self.width).map { Self.pixel(mask, row, $0) }, isLittle: false)
      }
    }
    let runningOn = Self.pack(
      (0..<6).flatMap { mask in
        (0..<Self.height * Self.width).map { Self.pixel(mask, $0 / Self.width, $0 % Self.width) }
      }, isLittle: false)
    #expect(padded.count == 195 && runningOn.count == 195)
    let bits = try PackedBits(shape: nil, itemByteCount: 195, Self.description(.columns))
    try unsafe padded.withUnsafeBytes { try unsafe bits.checkPadding($0) }
    let error = #expect(throws: StoreError.self) {
      try unsafe runningOn.withUnsafeBytes { try unsafe bits.checkPadding($0) }
    }
    #expect(error?.description.contains("--axis flat for 6 masks") == true)
    // Padding below the last row, of masks packed along rows.
    var rows = Self.description(.rows)
    rows.shape = ImageShape(height: 4, width: 8)
    let tall = try PackedBits(shape: nil, itemByteCount: 16, rows)
    try unsafe [UInt8](repeating: 0xF0, count: 16).withUnsafeBytes { try unsafe tall.checkPadding($0) }
    #expect(throws: StoreError.self) {
      try unsafe [UInt8](repeating: 0x0F, count: 16).withUnsafeBytes { try unsafe tall.checkPadding($0) }
    }
  }

  @Test(arguments: [[5, 13, 4], [5, 14, 3], [38], [5, 13, 20], []])
  func shapesOfNoSuchMasks(shape: [Int]) {
    #expect(throws: StoreError.self) {
      try PackedBits(shape: shape, itemByteCount: 1, Self.description(.columns))
    }
  }

  @Test func whatBitsDoNotHave() {
    var colors = Self.description(.rows)
    colors.shape = ImageShape(height: 13, width: 20, channels: 3)
    var floats = Self.description(.rows)
    floats.elementType = .float32
    for description in [colors, floats] {
      let error = #expect(throws: StoreError.self) {
        try PackedBits(shape: [5, 2, 20], itemByteCount: 1, description)
      }
      #expect(error?.code == .unusedOption)
    }
  }
}
