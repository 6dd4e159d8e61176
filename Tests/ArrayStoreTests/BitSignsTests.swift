import ArrayStore
import ImageStoreCatalog
import ImageStoreTesting
import Testing

/// Arrays of bytes that may be gray images or packed bits: nothing with a sign of bits is read as
/// images in silence, and nothing without.
@Suite struct BitSignsTests {
  private let files: ArrayFiles
  init() throws { files = try ArrayFiles() }

  private func expectQuestion(
    _ path: String, naming parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try ArrayStore(at: path) }
    guard let error else { return }
    #expect(error.code == .unsupported, sourceLocation: sourceLocation)
    for part in parts + ["packed bits", "--axis"] {
      #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [(40, 64), (64, 64), (33, 50), (96, 128)])
  func bitsOfShapesAreAskedFor(height: Int, width: Int) throws {
    let discs = Discs(count: 5, height: height, width: width)
    for (shape, bytes) in [discs.columns, discs.rows] {
      let path = try files.array(shape, bytes, "X.npy")
      expectQuestion(path, naming: "(5, ", "--dimensions NHW")
      // Who says what the axes are has said that the bytes are samples.
      #expect(try ArrayStore(at: path, files.description { $0.dimensions = "NHW" }).count == 5)
    }
  }

  /// What no picture is, whatever bits were packed: bits that are never set where rows end, noise in a strip.
  @Test func noiseOfBitsIsAskedFor() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    let padded = (0..<9 * 13 * 3).map { position -> UInt8 in
      let byte = UInt8.random(in: 0...255, using: &random)
      return position % 3 == 2 ? byte & 0xF0 : byte
    }
    expectQuestion(try files.array([9, 13, 3], padded, "X.npy"), naming: "9x13x3", "HWC")
    let strip = (0..<4 * 64 * 8).map { _ in UInt8.random(in: 0...255, using: &random) }
    expectQuestion(try files.array([4, 64, 8], strip, "X.npy"), naming: "64x8")
    expectQuestion(try files.array([4, 2, 256], strip, "X.npy"), naming: "2x256")
    expectQuestion(try files.array([4, 32, 16], strip, "train_masks.npy"), naming: "few values")
    expectQuestion(try files.array([4, 32, 16], strip, "packedMasks.npy"), naming: "name")
    // The same bytes of another shape and name are images.
    #expect(try ArrayStore(at: files.array([4, 32, 16], strip, "X.npy")).count == 4, "seed \(seed)")
    // Most words of 64 bits use their highest.
    expectQuestion(try files.array([4, 32, 2], strip, "X.npy", type: "<u8"), naming: "uint64")
  }

  @Test func plainImagesAreNotAskedFor() throws {
    let discs = Discs(count: 5, height: 24, width: 24)
    for value in [1, 7, 200, 255] as [UInt8] {
      #expect(try ArrayStore(at: files.array([5, 24, 24], discs.samples(value), "masks.npy")).count == 5)
    }
    // Lines of text are narrow, and neighbouring ones are similar.
    let line = (0..<3 * 32 * 400).map { UInt8(truncatingIfNeeded: $0 / 3) }
    #expect(try ArrayStore(at: files.array([3, 32, 400], line, "X.npy")).count == 3)
    var ids = [UInt8](repeating: 0, count: 2 * 8 * 8 * 8)
    for number in 0..<2 * 8 * 8 { ids[number * 8] = UInt8(number / 9) }
    #expect(try ArrayStore(at: files.array([2, 8, 8], ids, "instances.npy", type: "<u8")).count == 2)
  }

  @Test func whatStandsBesideSaysHow() throws {
    let discs = Discs(count: 5, height: 20, width: 24)
    var extents = [UInt8](repeating: 0, count: 24)
    (extents[0], extents[8], extents[16]) = (5, 20, 24)
    try files.array([3], extents, "a_shape.npy", type: "<i8")
    let columns = try files.array(discs.columns.shape, discs.columns.bytes, "a.npy")
    expectQuestion(columns, naming: "a_shape.npy", "--shape 20x24 and --axis columns")
    let bits = try StoreCatalog.open(
      at: columns,
      files.description {
        $0.shape = ImageShape(height: 20, width: 24)
        $0.axis = .columns
      })
    #expect(try bits.pixels(at: 3) == Array(discs.samples(1)[3 * 480..<4 * 480]))
  }

  /// A shape alone does not tell one image from eight masks that were packed along an axis of extent 1.
  @Test func oneImageOfAShapeMayBeEightMasks() throws {
    let bytes = (0..<260).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let shape = ImageShape(height: 13, width: 20)
    for extents in [[1, 13, 20], [13, 20, 1]] {
      let path = try files.array(extents, bytes, "X.npy")
      let error = #expect(throws: StoreError.self) {
        try ArrayStore(at: path, files.description { $0.shape = shape })
      }
      #expect(
        error?.description.contains("8 masks") == true && error?.description.contains("--dtype") == true)
      let said = files.description {
        $0.shape = shape
        $0.elementType = .uint8
      }
      #expect(try ArrayStore(at: path, said).pixels(at: 0) == bytes)
      #expect(try ArrayStore(at: path).count == 1)
    }
    let path = try files.array([6, 33], Array(repeating: 3, count: 198), "X.npy")
    let error = #expect(throws: StoreError.self) {
      try ArrayStore(at: path, files.description { $0.shape = shape })
    }
    #expect(error?.description.contains("--axis flat") == true)
  }
}
