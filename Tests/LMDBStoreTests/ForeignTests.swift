import Foundation
import ImageStoreCore
import ImageStoreCorpora
import ImageStoreTesting
import LMDBStore
import Testing

/// The samples that `make_lmdb_fixtures.py` gives an image.
private func image(_ index: Int, _ height: Int = 4, _ width: Int = 5, _ channels: Int = 3) -> [UInt8] {
  (0..<height * width * channels).map {
    let (pixel, channel) = $0.quotientAndRemainder(dividingBy: channels)
    let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
    return UInt8((index * 37 + row * 11 + column * 7 + channel * 3) % 256)
  }
}

private let labels = [0, 3, 6]

@Suite struct ForeignTests {
  @Test(arguments: ["pickled", "pickled-protocol2", "nosubdir.mdb", "datum", "datum-png"])
  func readsLabelledImages(_ name: String) throws {
    let store = try LMDBStore(at: fixture(name))
    #expect(store.count == 3)
    #expect(store.format == ImageFormat(height: 4, width: 5, channels: 3))
    #expect(try store.labels() == labels)
    for index in 0..<3 { #expect(try store.pixels(at: index) == image(index)) }
    #expect(try Array(copying: store.read([2, 0, 2]).pixels) == image(2) + image(0) + image(2))
    try store.verify()
  }

  @Test(arguments: ["png", "npy"])
  func readsImagesWithoutLabels(_ name: String) throws {
    let store = try LMDBStore(at: fixture(name))
    #expect(store.count == 3)
    #expect(try store.labels() == nil)
    #expect(try store.allPixels() == image(0) + image(1) + image(2))
  }

  @Test func readsValuesOnPagesOfTheirOwn() throws {
    let store = try LMDBStore(at: fixture("pickled-large"))
    #expect(try store.labels() == labels)
    #expect(store.isZeroCopy)
    #expect(try store.allPixels() == (0..<3).flatMap { image($0, 32, 32) })
  }

  @Test func readsRawPixelsOfAStatedFormat() throws {
    let format = ImageFormat(height: 4, width: 5, channels: 3)
    let store = try LMDBStore(at: fixture("raw"), .raw(format))
    #expect(store.isZeroCopy)
    #expect(try store.allPixels() == image(0) + image(1) + image(2))
    #expect(code { _ = try LMDBStore(at: fixture("raw")) } == .unrecognized)
    let other = ImageFormat(height: 4, width: 5, channels: 4)
    #expect(code { _ = try LMDBStore(at: fixture("raw"), .raw(other)) } == .unrecognized)
  }

  @Test func readsDatumsOfOneChannelWhereTheyLie() throws {
    let store = try LMDBStore(at: fixture("datum-gray"))
    #expect(store.isZeroCopy)
    #expect(try store.labels() == labels.map { -$0 })
    #expect(try store.allPixels() == (0..<3).flatMap { image($0, 4, 5, 1) })
  }

  @Test(arguments: ["datum-float", "datum-packed"])
  func readsDatumsOfFloats(_ name: String) throws {
    let store = try LMDBStore(at: fixture(name))
    #expect(store.format == ImageFormat(height: 4, width: 5, channels: 3, elementType: .float32))
    let floats = unsafe try store.allPixels().withUnsafeBytes {
      unsafe [Float]($0.bindMemory(to: Float.self))
    }
    #expect(floats == (0..<3).flatMap { image($0) }.map { Float($0) / 4 })
  }

  @Test func readsArraysThatHaveToBeTurned() throws {
    let store = try LMDBStore(at: fixture("npy-odd"))
    #expect(store.format == nil)
    #expect(try store.format(at: 0) == ImageFormat(height: 6, width: 5, channels: 3, elementType: .uint16))
    let expected = (image(0, 6, 5) + image(1)).flatMap { [0, $0] as [UInt8] }
    #expect(try store.allPixels() == expected)
  }

  @Test(arguments: ["datum", "npy-odd", "datum-png", "pickled-protocol2", "png"])
  func readsRegionsOfWhatIsDecoded(_ name: String) throws {
    let store = try LMDBStore(at: fixture(name), threads: 2)
    let region = ImageRegion(row: 1, column: 2, height: 3, width: 2)
    for index in 0..<store.count {
      let format = try store.format(at: index)
      let whole = try store.pixels(at: index)
      let expected = (1..<4).flatMap {
        whole[($0 * format.bytesPerRow + 2 * format.bytesPerPixel)...].prefix(2 * format.bytesPerPixel)
      }
      let batch = try store.read([index], regions: .same(region))
      #expect(Array(copying: batch.pixels) == expected)
    }
  }

  @Test func refusesWhatHoldsNoImages() {
    #expect(code { _ = try LMDBStore(at: fixture("empty")) } == .unrecognized)
    #expect(code { _ = try LMDBStore(at: fixture("named")) } == .unrecognized)
    #expect(code { _ = try LMDBStore(at: fixture("")) } == .unrecognized)
    #expect(code { _ = try LMDBStore(at: fixture("missing")) } == .notFound)
  }

  @Test func refusesToAppend() {
    #expect(code { _ = try LMDBStore.Writer(to: fixture("raw"), mode: .append) } != nil)
    #expect(code { _ = try LMDBStore.Writer(to: fixture("pickled"), mode: .append) } == .unsupported)
    #expect(code { _ = try LMDBStore.Writer(to: fixture("nosubdir.mdb"), mode: .append) } == .unsupported)
  }

  @Test func namesTheKeyOfAValueThatIsOfAnotherKind() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: fixture("png"), toPath: "\(folder.path)/png")
    try Database("\(folder.path)/png").write([("image3", [1, 2, 3])])
    let store = try LMDBStore(at: "\(folder.path)/png")
    #expect(store.format == nil)
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("image3") })
    let error = #expect(throws: StoreError.self) { try store.pixels(at: 3) }
    #expect(error?.key == "image3" && error?.image == 3)
    #expect(try store.pixels(at: 2) == image(2))
    let faults = try store.findFaults()
    #expect(faults.faults.map(\.index) == [3] && faults.intactIndices == [0, 1, 2])
  }

  @Test func namesTheKeyOfAValueThatCannotBeDecoded() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: fixture("png"), toPath: "\(folder.path)/png")
    let database = try Database("\(folder.path)/png")
    var value = try database.entries()[1].value
    value[value.count - 20] ^= 0x55
    try database.write([("image1", value)])
    let store = try LMDBStore(at: "\(folder.path)/png")
    do {
      _ = try store.read([0, 1])
      Issue.record("no error")
    } catch {
      #expect(error.code == .corrupt && error.key == "image1" && error.image == 1)
    }
    #expect(try store.pixels(at: 2) == image(2))
  }

  @Test func neverReadsWhatAnotherProgramPutInAnImagesPlace() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/db"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let format = ImageFormat(height: 64, width: 64)
    let database = try Database(path)
    try database.write((0..<8).map { ("\($0)", [UInt8](repeating: UInt8($0), count: 4096)) })
    let store = try LMDBStore(at: path, .raw(format))
    // Every value is replaced again and again, so that the pages of the first ones are written
    // again.
    var isChanged = false
    for round in 1..<12 {
      try database.write((0..<8).map { ("\($0)", [UInt8](repeating: UInt8(round * 16 + $0), count: 4096)) })
      do {
        #expect(try store.pixels(at: 3) == [UInt8](repeating: 3, count: 4096))
      } catch {
        #expect(error.code == .busy)
        isChanged = true
      }
    }
    #expect(isChanged)
    let last = try LMDBStore(at: path, .raw(format))
    #expect(try last.pixels(at: 3) == [UInt8](repeating: 11 * 16 + 3, count: 4096))
  }

  @Test(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
  func readsADatabaseOfPNGValuesFromTheField() throws {
    let root = try #require(Corpora.folder("lmdb/mmedit-lq"))
    let enumerator = try #require(FileManager.default.enumerator(atPath: root))
    let files = enumerator.compactMap { $0 as? String }.filter { $0.hasSuffix("data.mdb") }
    #expect(!files.isEmpty)
    for file in files {
      let store = try LMDBStore(at: "\(root)/\(file)")
      #expect(store.count > 0)
      try store.verify()
    }
  }
}
