import ArrayStore
import Foundation
import ImageStoreCatalog
import ImageStoreTesting
import Testing

/// Arrays in files of their own. The files are made here byte by byte, by the rules of the formats.
@Suite final class ArrayStoreTests {
  private let folder: URL
  /// 6 images of 4x5x3: sample s of image i is 7 i + s.
  private static let format = ImageFormat(height: 4, width: 5, channels: 3)
  private static let images = (0..<6).map { image in (0..<60).map { UInt8((7 * image + $0) % 251) } }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "arrays-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return url.path
  }

  /// A `.npy` file of version 1: NEP 1 of numpy.
  private func npy(_ descr: String, _ shape: [Int], isFortran: Bool = false, _ data: [UInt8]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header =
      "{'descr': '\(descr)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (\(extents)), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let count = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(header.utf8)
      + data
  }

  private func idx(_ type: UInt8, _ shape: [Int], _ data: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)]
      + shape.flatMap {
        [UInt8($0 >> 24 & 255), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)]
      }
      + data
  }

  private func description(_ change: (inout StoreDescription) -> Void) -> StoreDescription {
    var description = StoreDescription()
    change(&description)
    return description
  }

  /// Labels that were found never keep images from being read.
  @Test func labelsBesideThatDoNotFit() throws {
    let path = try write(idx(8, [6, 4, 5, 3], Self.images.flatMap(\.self)), "a-images-idx4-ubyte")
    _ = try write(idx(8, [5], [1, 2, 3, 4, 5]), "a-labels-idx1-ubyte")
    let store = try ArrayStore(at: path)
    try expectImages(store)
    #expect(try store.labels() == nil)
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("5 labels for 6 images") })
  }

  /// With any name of the file, its samples are as described.
  @Test func bareSamplesOfAnyName() throws {
    let said = description { $0.shape = ImageShape(height: 4, width: 5, channels: 3) }
    for name in ["pixels", "pixels.u8", "pixels.bytes", "pixels.raw"] {
      let path = try write(Self.images.flatMap(\.self), name)
      try expectImages(StoreCatalog.open(at: path, said))
      let error = try #require(throws: StoreError.self) { _ = try StoreCatalog.open(at: path) }
      #expect(error.code == .unrecognized && error.description.contains("--shape"))
    }
    let path = try write(Array("hello".utf8), "text.npy")
    let error = try #require(throws: StoreError.self) { _ = try StoreCatalog.open(at: path) }
    #expect(error.description.contains("does not begin as"), "\(error)")
  }

  @Test func samplesThatAreOtherThanSaid() throws {
    let path = try write(npy("|u1", [6, 60], Self.images.flatMap(\.self)), "rows.npy")
    var said = description { $0.dimensions = "NHWC" }
    var error = try #require(throws: StoreError.self) { _ = try ArrayStore(at: path, said) }
    #expect(error.description.contains("60 samples") && error.description.contains("--shape"), "\(error)")
    said.shape = ImageShape(height: 4, width: 6, channels: 3)
    error = try #require(throws: StoreError.self) { _ = try ArrayStore(at: path, said) }
    #expect(error.description.contains("60 samples") && error.description.contains("4x6x3"), "\(error)")
  }

  private func expectImages(_ store: any ImageStore, sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    #expect(store.count == 6 && store.format == Self.format, sourceLocation: sourceLocation)
    for index in 0..<6 {
      #expect(try store.pixels(at: index) == Self.images[index], sourceLocation: sourceLocation)
    }
    let region = ImageRegion(row: 1, column: 2, height: 2, width: 3)
    let batch = try store.read([5, 0, 5], regions: .same(region))
    var expected: [UInt8] = []
    for image in [5, 0, 5] {
      for row in 1..<3 { expected += Self.images[image][(row * 5 + 2) * 3..<(row * 5 + 5) * 3] }
    }
    let found = try batch.samples(as: UInt8.self)
    #expect(found.indices.map { found[$0] } == expected, sourceLocation: sourceLocation)
    #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try store.read([6]) }
    #expect(store.checksumCoverage == .noImages, sourceLocation: sourceLocation)
  }

  @Test func npyOfImages() throws {
    let data = Self.images.flatMap { $0 }
    let path = try write(npy("|u1", [6, 4, 5, 3], data), "X.npy")
    let store = try ArrayStore(at: path)
    try expectImages(store)
    #expect(store.isZeroCopy && store.notes.isEmpty)
    try expectImages(ArrayStore(at: URL(filePath: path)))
    // Samples of two bytes in the other order, and an array in Fortran order.
    let wide = try write(npy(">u2", [2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), "wide.npy")
    #expect(
      try ArrayStore(at: wide, description { $0.dimensions = "HW" }).read([0]).samples(as: UInt16.self)[1]
        == 0x0304)
    let fortran = try write(npy("|u1", [2, 3, 2], isFortran: true, Array(0..<12)), "fortran.npy")
    #expect(
      try ArrayStore(at: fortran, description { $0.dimensions = "NHW" }).pixels(at: 1) == [1, 7, 3, 9, 5, 11])
  }

  @Test func axesInAnotherOrder() throws {
    let planes = Self.images.map { image in (0..<3).flatMap { c in (0..<20).map { image[$0 * 3 + c] } } }
    let path = try write(npy("|u1", [6, 3, 4, 5], planes.flatMap { $0 }), "X.npy")
    #expect(throws: StoreError.self) {
      try ArrayStore(at: path, description { $0.shape = ImageShape(height: 9, width: 9) })
    }
    try expectImages(ArrayStore(at: path, description { $0.dimensions = "NCHW" }))
    try expectImages(
      ArrayStore(at: path, description { $0.shape = ImageShape(height: 4, width: 5, channels: 3) }))
    let bare = try write(planes.flatMap { $0 }, "X.bin")
    try expectImages(
      ArrayStore(
        at: bare,
        description {
          $0.shape = ImageShape(height: 4, width: 5, channels: 3)
          $0.dimensions = "NCHW"
        }))
  }

  @Test func imagesInOneAxis() throws {
    let path = try write(npy("|u1", [6, 60], Self.images.flatMap { $0 }), "X.npy")
    let planes = Self.images.map { image in (0..<3).flatMap { c in (0..<20).map { image[$0 * 3 + c] } } }
    let planar = try write(npy("|u1", [6, 60], planes.flatMap { $0 }), "planes.npy")
    let shape = ImageShape(height: 4, width: 5, channels: 3)
    for (path, dimensions) in [(path, "NHWC" as Dimensions), (planar, "NCHW"), (path, "ND")] {
      let said = description {
        $0.shape = shape
        $0.dimensions = dimensions
      }
      try expectImages(ArrayStore(at: path, said))
    }
    // Pixels or planes, many or one: nothing is guessed.
    #expect(throws: StoreError.self) { try ArrayStore(at: path, description { $0.shape = shape }) }
    #expect(throws: StoreError.self) { try ArrayStore(at: path) }
    #expect(try ArrayStore(at: path, description { $0.dimensions = "HW" }).count == 1)
  }

  @Test func bareBytesMayBeBits() throws {
    let path = try write([UInt8](repeating: 7, count: 64), "a.bin")
    let shape = ImageShape(height: 8, width: 8)
    #expect(throws: StoreError.self) { try ArrayStore(at: path, description { $0.shape = shape }) }
    let said = description {
      $0.shape = shape
      $0.elementType = .uint8
    }
    #expect(try ArrayStore(at: path, said).count == 1)
  }

  @Test func mnistsFiles() throws {
    let pixels = Self.images.map { Array($0[0..<20]) }
    let path = try write(idx(8, [6, 4, 5], pixels.flatMap { $0 }), "train-images-idx3-ubyte")
    #expect(try ArrayStore(at: path).labels() == nil)
    _ = try write(idx(8, [6], [3, 1, 4, 1, 5, 9]), "train-labels-idx1-ubyte")
    let store = try ArrayStore(at: path)
    #expect(try store.labels() == [3, 1, 4, 1, 5, 9])
    #expect(store.notes.map(\.kind) == [.decided])
    #expect(store.format == ImageFormat(height: 4, width: 5))
    #expect(try (0..<6).map { try store.pixels(at: $0) } == pixels)
    #expect(
      try ArrayStore(at: path, description { $0.labels = StoreDescription.Labels.none }).labels() == nil)
    // Few rows and many columns have one reading here: IDX says which axes there are.
    let thin = try write(idx(8, [2, 3, 20], Array(repeating: 1, count: 120)), "thin-idx3-ubyte")
    #expect(try ArrayStore(at: thin).count == 2)
    // A float, big-endian.
    let floats = try write(idx(13, [1, 1, 1], [0x3F, 0x80, 0, 0]), "float-idx3")
    #expect(try ArrayStore(at: floats).read([0]).samples(as: Float.self)[0] == 1)
  }

  @Test func otherBytesThanOneAreTrue() throws {
    let path = try write(npy("|b1", [1, 2, 2], [0, 255, 1, 2]), "masks.npy")
    #expect(try ArrayStore(at: path).pixels(at: 0) == [0, 1, 1, 1])
  }

  @Test func labelsOfAnotherFile() throws {
    let path = try write(npy("|u1", [6, 4, 5, 3], Self.images.flatMap { $0 }), "X.npy")
    let labels = try write(
      npy("<f4", [6, 1], [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64]),
      "y.npy")
    let store = try StoreCatalog.open(at: path, description { $0.labels = .file(labels) })
    #expect(try store.labels() == [0, 1, 2, 0, 1, 2])
    try expectImages(store)
    let few = try write(npy("|u1", [5], [1, 2, 3, 4, 5]), "few.npy")
    let error = #expect(throws: StoreError.self) {
      try StoreCatalog.open(at: path, description { $0.labels = .file(few) })
    }
    #expect(error?.description.contains("(5,)") == true && error?.description.contains("6") == true)
    #expect(throws: StoreError.self) {
      try StoreCatalog.open(at: path, description { $0.labels = .named("y") })
    }
  }

  @Test func whatIsCutShortIsSaid() throws {
    let whole = npy("|u1", [6, 4, 5, 3], Self.images.flatMap { $0 })
    for length in [11, 70, whole.count - 1] {
      let path = try write(Array(whole[..<length]), "X.npy")
      #expect(throws: StoreError.self, "\(length)") { try ArrayStore(at: path) }
    }
    let path = try write(npy("|u1", [1 << 40, 1 << 20, 1 << 20], []), "X.npy")
    #expect(throws: StoreError.self) { try ArrayStore(at: path) }
    let bare = try write([1, 2, 3], "X.bin")
    #expect(throws: StoreError.self) { try ArrayStore(at: bare) }
    #expect(throws: StoreError.self) {
      try ArrayStore(at: bare, description { $0.shape = ImageShape(height: 1, width: 2) })
    }
    let complex = try write(npy("<c8", [1, 1, 1], Array(repeating: 0, count: 8)), "X.npy")
    #expect(throws: StoreError.self) { try ArrayStore(at: complex) }
  }

  @Test func blueGreenRed() throws {
    var turned: [UInt8] = []
    for image in Self.images {
      for pixel in stride(from: 0, to: 60, by: 3) {
        turned += [image[pixel + 2], image[pixel + 1], image[pixel]]
      }
    }
    let path = try write(npy("|u1", [6, 4, 5, 3], turned), "X.npy")
    try expectImages(StoreCatalog.open(at: path, description { $0.channelOrder = .bgr }))
  }
}
