import ImageStoreCore
import NPZStore
import Testing

/// Archives that numpy and Python wrote.
@Suite struct ForeignArchiveTests {
  private func expectRamps(_ store: NPZStore, _ images: [Int], labels: [Int]?) throws {
    #expect(store.count == images.count)
    #expect(bytes(of: try store.read(0..<store.count)) == images.flatMap { ramp($0) })
    // One at a time and lent, the last first.
    for (index, image) in images.enumerated().reversed() {
      #expect(try store.pixels(at: index) == ramp(image))
      #expect(try store.format(at: index) == ImageFormat(height: 6, width: 4, channels: 3))
      let region = ImageRegion(row: 2, column: 1, height: 3, width: 2)
      let crop = try store.read([index], regions: .same(region))
      var expected: [UInt8] = []
      for row in 2..<5 { expected += ramp(image)[(row * 4 + 1) * 3..<(row * 4 + 3) * 3] }
      #expect(bytes(of: crop) == expected)
    }
    #expect(try store.labels() == labels)
    try store.verify()
  }

  @Test(arguments: ["stored", "shuffled"])
  func readsAnEntryAnImage(name: String) throws {
    let store = try NPZStore(at: fixture(name))
    #expect(store.format == ImageFormat(height: 6, width: 4, channels: 3))
    try expectRamps(store, Array(0..<5), labels: [0, 10, 20, 30, 40])
  }

  @Test func findsLabelsInTheArchiveBeside() throws {
    try expectRamps(NPZStore(at: fixture("training")), Array(0..<5), labels: [0, 10, 20, 30, 40])
    let named = try NPZStore(at: fixture("streamed"), labels: "outputs", labelsAt: fixture("out-training"))
    try expectRamps(named, Array(0..<5), labels: [0, 10, 20, 30, 40])
  }

  @Test func readsWhatWasWrittenToAPipe() throws {
    try expectRamps(NPZStore(at: fixture("streamed")), Array(0..<5), labels: nil)
  }

  @Test func readsSplits() throws {
    let splits = try NPZStore.splits(at: fixture("keras"))
    #expect(Set(splits.keys) == [.training, .test])
    try expectRamps(NPZStore(at: fixture("keras")), [0, 1, 2], labels: [0, 10, 20])
    try expectRamps(#require(splits[.training]), [0, 1, 2], labels: [0, 10, 20])
    try expectRamps(#require(splits[.test]), [3, 4], labels: [30, 40])
    #expect(try Set(NPZStore.splits(at: fixture("medmnist")).keys) == [.training, .validation, .test])
    try expectRamps(NPZStore(at: fixture("medmnist"), images: "val_images"), [0, 1], labels: [0, 10])
    #expect(try NPZStore.splits(at: fixture("stored")).isEmpty)
  }

  /// Names as in every format of named arrays; what cannot be many images is none.
  @Test func findsSplitsByTheWordsOfNames() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    let pixels = [UInt8](0..<24)
    for (name, shape, count) in [
      ("Xtrain.npy", "(2, 3, 2, 2)", 24), ("trainY.npy", "(2,)", 2), ("dev/x.npy", "(3, 2, 2)", 12),
      ("dev/y.npy", "(3,)", 3), ("x_test.npy", "(4,)", 4),
    ] {
      zip.add(name, npy("|u1", shape, Array(pixels[..<count])))
    }
    zip.end()
    let path = try folder.write(zip.bytes)
    let splits = try NPZStore.splits(at: path)
    #expect(Set(splits.keys) == [.training, .validation])
    #expect(splits[.training]?.format == ImageFormat(height: 3, width: 2, channels: 2))
    #expect(try splits[.training]?.labels() == [0, 1])
    #expect(splits[.validation]?.count == 3)
    #expect(try splits[.validation]?.labels() == [0, 1, 2])
    #expect(try NPZStore(at: path).count == 2)
  }

  /// Three dimensions are an image with channels unless the name says that there are many.
  @Test func arraysOfOneImageEachAreNotTakenForOneOfMany() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    for name in ["image_0", "image_1", "cat_image"] {
      zip.add("\(name).npy", npy("|u1", "(3, 2, 2)", [UInt8](repeating: 7, count: 12)))
    }
    zip.end()
    let store = try NPZStore(at: folder.write(zip.bytes))
    #expect(store.count == 3 && store.format == ImageFormat(height: 3, width: 2, channels: 2))
    #expect(try NPZStore.splits(at: store.path).isEmpty)
  }

  @Test func readsFortranOrder() throws {
    try expectRamps(NPZStore(at: fixture("fortran")), Array(0..<5), labels: [0, 10, 20, 30, 40])
    try expectRamps(NPZStore(at: fixture("orders")), Array(0..<5), labels: nil)
  }

  @Test func readsOtherNames() throws {
    try expectRamps(NPZStore(at: fixture("other-names")), [0, 1, 2], labels: [0, 10, 20])
    try expectRamps(NPZStore(at: fixture("comment")), [0], labels: nil)
    try expectRamps(NPZStore(at: fixture("plain")), [0], labels: nil)
  }

  @Test func tellsShapesOfOneSizeApart() throws {
    let store = try NPZStore(at: fixture("shapes"))
    #expect(store.format == nil)
    #expect(try store.format(at: 0) == ImageFormat(height: 6, width: 4, channels: 3))
    #expect(try store.format(at: 1) == ImageFormat(height: 4, width: 6, channels: 3))
    #expect(try store.pixels(at: 1) == ramp(1))
  }

  @Test func readsBigEndianFloats() throws {
    let store = try NPZStore(at: fixture("big-endian"))
    #expect(store.format == ImageFormat(height: 6, width: 4, channels: 3, elementType: .float32))
    let bytes = try store.pixels(at: 3)
    let expected = ramp(3).flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> (8 * UInt32($0))) }
    }
    #expect(bytes == expected)
  }

  /// Pillow's images of 1 bit have 255 for true, and numpy writes it.
  @Test(arguments: ["truth", "truth-deflated", "truth-array", "truth-array-deflated"])
  func makesTruthValuesZeroAndOne(name: String) throws {
    let store = try NPZStore(at: fixture(name))
    #expect(store.format?.elementType == .bool)
    var all: [UInt8] = []
    for index in 0..<store.count {
      let expected = ramp(index).map { $0 == 0 ? UInt8(0) : 1 }
      #expect(try store.pixels(at: index) == expected)
      let region = ImageRegion(row: 0, column: 0, height: 1, width: 4)
      #expect(bytes(of: try store.read([index], regions: .same(region))) == Array(expected[..<12]))
      all += expected
    }
    #expect(bytes(of: try store.read(0..<store.count)) == all)
    try store.verify()
  }

  @Test func namesWhatIsThereWhenAKeyIsNot() throws {
    #expect {
      _ = try NPZStore(at: fixture("keras"), images: "x_tset")
    } throws: {
      ($0 as? StoreError)?.code == .notFound && "\($0)".contains("x_test")
    }
  }
}
