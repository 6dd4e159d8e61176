import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

/// Stores of this package that other programs write to.
@Suite struct OtherProgramsTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/s" }
  private let format = ImageFormat(height: 32, width: 32, channels: 3)

  init() throws { folder = try TemporaryFolder() }

  /// Images that are all of one value, the greatest first.
  private func images(_ range: Range<Int>) -> ModelImages {
    var images = ModelImages()
    for index in range {
      images.append([UInt8](repeating: UInt8(255 - index), count: format.byteCount), format: format)
    }
    images.labels = range.map { $0 }
    images.columns = ["square": .int64(range.map { Int64($0 * $0) })]
    return images
  }

  /// Replaces records, again and again, so that their first pages are used for others of the same kind.
  private func replaceRecords(_ prefix: String, times: Int) throws {
    let database = try Database(path)
    let records = try database.entries().filter { $0.key.hasPrefix(prefix) }
    #expect(!records.isEmpty)
    for round in 0..<times {
      try database.write(
        records.map { record in
          var value = record.value
          // The header stays, so that only a comparison of pixels could tell.
          for offset in max(128, value.count / 2)..<value.count { value[offset] = UInt8(round + 1) }
          return (record.key, value)
        })
    }
  }

  @Test(arguments: [LMDBStore.Layout.automatic, .perImage])
  func imagesThatWereReplacedAreNotReadForThoseThatWereOpened(_ layout: LMDBStore.Layout) throws {
    let model = images(0..<200)
    let store = try LMDBStore.write(model, to: path, layout: layout)
    #expect(try store.pixels(at: 17) == model.pixels[17])
    for _ in 0..<10 {
      try replaceRecords(layout == .perImage ? "000" : "images/", times: 1)
      // The pixels that were opened, or an error, whatever way they are asked for.
      do {
        #expect(try store.pixels(at: 17) == model.pixels[17])
        try store.forEachImage([150, 3].span) { (position, _, pixels) throws(StoreError) in
          let byte = unsafe pixels.unsafeLoad(fromByteOffset: 3000, as: UInt8.self)
          #expect(byte == [UInt8(255 - 150), 255 - 3][position])
        }
      } catch {
        #expect(error.code == .busy)
      }
    }
    #expect(code { _ = try store.read([17, 3]) } == .busy)
    #expect(code { try store.forEachImage([17].span) { (_, _, _) throws(StoreError) in } } == .busy)
    #expect(code { _ = try store.labels() } == .busy)
    #expect(code { _ = try store.column("square") } == .busy)
    #expect(code { try store.verify() } == .busy)
    // What is opened now is what is there now, and its checksums are those of the old images.
    #expect(try LMDBStore(at: path).pixels(at: 80).last == 1)
    #expect(code { try LMDBStore(at: path).verify() } == .corrupt)
  }

  @Test func labelsAndColumnsThatWereReplacedAreNotReadEither() throws {
    // Large enough for pages of their own.
    let model = images(0..<200)
    let labels = try LMDBStore.write(model, to: path)
    let columns = try LMDBStore(at: path)
    try replaceRecords("columns/", times: 5)
    #expect(code { _ = try columns.column("square") } == .busy)
    #expect(code { _ = try labels.labels() } == .busy)
    // What was asked for before is kept.
    let store = try LMDBStore(at: path)
    #expect(try store.labels() == model.labels)
    try replaceRecords("labels/", times: 5)
    #expect(try store.labels() == model.labels)
  }

  @Test func appendsOfThisPackageLeaveOpenStoresAsTheyWere() throws {
    let model = images(0..<100)
    let early = try LMDBStore.write(model, to: path)
    for round in 0..<12 {
      if round % 3 == 2 {
        // Given up half way.
        var writer = try LMDBStore.Writer(to: path, mode: .append)
        try writer.append(images(0..<200))
        _ = consume writer
      } else {
        _ = try LMDBStore.write(images(100..<110), to: path, mode: .append)
      }
      let index = (round * 31) % 100
      #expect(try early.pixels(at: index) == model.pixels[index])
    }
    #expect(try early.labels() == model.labels)
    #expect(try early.column("square") == model.columns["square"])
    try early.verify()
    // The folder may have another name by then: the file is what was opened.
    try FileManager.default.moveItem(atPath: path, toPath: path + "2")
    for _ in 0..<3 { _ = try LMDBStore.write(images(100..<110), to: path + "2", mode: .append) }
    #expect(try early.pixels(at: 99) == model.pixels[99])
  }

  @Test func anotherProgramBetweenTwoAppendsIsNoticed() throws {
    let model = images(0..<100)
    let store = try LMDBStore.write(model, to: path)
    _ = try LMDBStore.write(images(100..<110), to: path, mode: .append)
    #expect(try store.pixels(at: 5) == model.pixels[5])
    // Short records grow with each append.
    try replaceRecords("labels/000000000000", times: 1)
    // That record has a checksum, so nothing is appended to it; put back, it is as it was, by
    // another program's hand.
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .corrupt)
    let value = (0..<110).map { Int64($0) }
    let database = try Database(path)
    let record = try database.entries().first { $0.key == "labels/000000000000" }!
    let bytes = unsafe value.withUnsafeBytes { unsafe Array($0) }
    try database.write([(record.key, record.value[..<128] + bytes)])
    _ = try LMDBStore.write(images(110..<120), to: path, mode: .append)
    #expect(code { _ = try store.pixels(at: 5) } == .busy)
    let now = try LMDBStore(at: path)
    try now.verify()
    #expect(now.count == 120)
  }

  // MARK: Appends next to values of other programs

  @Test(arguments: LMDBStore.Layout.allCases)
  func anAppendRemovesNothingOfOthers(_ layout: LMDBStore.Layout) throws {
    let model = images(0..<20)
    _ = try LMDBStore.write(model, to: path, layout: layout)
    let database = try Database(path)
    // A date, which is like the key of an image; a block of images in a store of single ones, and
    // the other way round.
    let block = [0x93] + Array("NUMPY".utf8) + [UInt8](repeating: 1, count: 9000)
    let other = layout == .perImage ? "images/000000000500" : "00000500"
    for (key, value) in [("20261125", Array("notes".utf8)), (other, block)] {
      try database.write([(key, value)])
      let bytes = try Data(contentsOf: URL(filePath: "\(path)/data.mdb"))
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .unsupported)
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .alreadyExists)
      #expect(try Data(contentsOf: URL(filePath: "\(path)/data.mdb")) == bytes)
      #expect(try LMDBStore(at: path).count == 20)
      try database.write([(key, nil)])
    }
    // Other keys do not matter, and stay.
    try database.write([("notes", Array("notes".utf8)), ("a/000000000100", Array("notes".utf8))])
    try database.fillNamed("named", flags: 0, keys: 30, valuesEach: 1, byteCount: 100)
    let grown = try LMDBStore.write(images(20..<25), to: path, mode: .append)
    try grown.verify()
    #expect(grown.count == 25)
    let keys = try Set(database.entries().map(\.key))
    #expect(keys.isSuperset(of: ["notes", "a/000000000100", "named"]))
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .alreadyExists)
  }

  // MARK: Damage that an append would vouch for

  @Test func nothingIsAppendedToWhatDoesNotMatchItsChecksum() throws {
    var model = images(0..<200)
    model.classNames = ["a", "b"]
    _ = try LMDBStore.write(model, to: path)
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
    let map = PageMap(bytes)
    var places: [String: Int] = [:]
    for (key, page) in map.values where !key.hasPrefix("images/") {
      places[key] = page * map.pageSize + 16 + 130
    }
    for (key, range) in map.inline { places[key] = range.lowerBound + 130 }
    #expect(
      Set(places.keys).isSuperset(of: [
        "labels/000000000000", "columns/square/000000000000", "class_names", "metadata",
      ]))
    // What has no checksum of its own: those of the images tell of them alone, which an append does
    // not touch.
    for (key, place) in places where key != "crc32/images/000000000000" {
      try Data(map.with(Int(bytes[place]) ^ 4, 1, at: place)).write(to: URL(filePath: "\(path)/data.mdb"))
      #expect(code { try LMDBStore(at: path).verify() } != nil, "\(key)")
      // The metadata say of which version the layout is.
      let expected = key == "metadata" ? StoreError.Code.unsupported : .corrupt
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == expected, "\(key)")
    }
  }

  @Test func aCountThatIsTooSmallRemovesNoImages() throws {
    // 24 images in appends of 8: one flipped bit makes them 16, as if the last append had not finished.
    for start in [0, 8, 16] { _ = try LMDBStore.write(images(start..<start + 8), to: path, mode: .append) }
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
    let map = PageMap(bytes)
    let count = try #require(map.inline["metadata"]).lowerBound + 128 + 8
    #expect(map.number(count, 8) == 24)
    for number in [16, 8, 0, 25, 32] {
      let damaged = map.with(number, 8, at: count)
      try Data(damaged).write(to: URL(filePath: "\(path)/data.mdb"))
      #expect(code { try LMDBStore(at: path).verify() } == .corrupt, "\(number)")
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .corrupt, "\(number)")
      #expect(try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb"))) == damaged)
    }
  }
}
