import Foundation
import ImageStoreCore
import LMDBStore
import Testing

/// Which values of other people's databases are images, in which order, and what their labels are.
@Suite struct ForeignKeyTests {
  private let folder: TemporaryFolder
  private let path: String
  private let format = ImageFormat(height: 2, width: 3, channels: 3)

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/database"
  }

  private func database(_ path: String) throws -> Database {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return try Database(path)
  }

  /// The pixels of an image.
  private func pixels(_ index: Int) -> [UInt8] { (0..<18).map { UInt8(index * 20 + $0) } }

  /// A Caffe record (protobuf) of planes.
  private func datum(_ index: Int, isTurned: Bool, size: Int? = nil) -> [UInt8] {
    let pixels = pixels(index)
    var planes: [UInt8] = []
    for channel in isTurned ? [2, 1, 0] : [0, 1, 2] { planes += (0..<6).map { pixels[3 * $0 + channel] } }
    return [8, 3, 16, 2, 24, 3, 34, 18] + planes + [40, UInt8(index)]
  }

  private func raw() -> StoreDescription { .raw(format) }

  private func expect(_ store: LMDBStore, _ indices: [Int], sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    #expect(store.count == indices.count, sourceLocation: sourceLocation)
    for (position, index) in indices.enumerated() {
      #expect(try store.pixels(at: position) == pixels(index), sourceLocation: sourceLocation)
    }
  }

  @Test func labelsUnderKeysOfAnotherPrefix() throws {
    try database(path).write(
      (0..<4).flatMap {
        [("image-00000000\($0)", pixels($0)), ("label-00000000\($0)", Array("\($0 + 7)".utf8))]
      } + [("num-samples", Array("4".utf8))])
    let store = try LMDBStore(at: path, raw())
    try expect(store, [0, 1, 2, 3])
    #expect(try store.labels() == [7, 8, 9, 10])
    #expect(try store.column("name") == .string((0..<4).map { "image-00000000\($0)" }))
    var stated = raw()
    stated.images = "image-"
    stated.labels = .named("label-")
    #expect(try LMDBStore(at: path, stated).labels() == [7, 8, 9, 10])
    stated.labels = StoreDescription.Labels.none
    #expect(try LMDBStore(at: path, stated).labels() == nil)
    stated.labels = .named("target-")
    #expect(code { _ = try LMDBStore(at: path, stated) } == .invalidArgument)
  }

  /// Several numbers per image are vectors; a 1 among zeros is a class.
  @Test func severalNumbersAreAColumn() throws {
    func npy(_ values: [UInt8]) -> [UInt8] {
      var text = Array("{'descr': '|u1', 'fortran_order': False, 'shape': (\(values.count),), }".utf8)
      while (10 + text.count + 1) % 64 != 0 { text.append(0x20) }
      text.append(0x0A)
      return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + values
    }
    for (number, (rows, labels)) in [
      ([[1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 1]], nil),
      ([[1, 0], [0, 1], [0, 1], [1, 0]], [0, 1, 1, 0]),
    ].enumerated() as EnumeratedSequence<[([[UInt8]], [Int]?)]> {
      let path = "\(path)\(number)"
      try database(path).write(
        (0..<4).flatMap { [("image-\($0 + 1)", pixels($0)), ("label-\($0 + 1)", npy(rows[$0]))] })
      let store = try LMDBStore(at: path, raw())
      #expect(try store.labels() == labels)
      guard labels == nil else { continue }
      let vectors = try Column.Vectors(rows.map { $0.map(Int64.init) })
      #expect(try store.column("labels") == .int64Vectors(vectors))
      #expect(store.notes.contains { $0.text.contains("3 values per image") }, "\(store.notes)")
    }
  }

  @Test func textsAreAColumn() throws {
    let texts = ["abc", "", "42", "x y"]
    try database(path).write(
      (0..<4).flatMap { [("image-\($0 + 1)", pixels($0)), ("label-\($0 + 1)", Array(texts[$0].utf8))] })
    let store = try LMDBStore(at: path, raw())
    try expect(store, [0, 1, 2, 3])
    #expect(try store.labels() == nil)
    #expect(try store.column("label") == .string(texts))
  }

  @Test func aMissingLabelIsToldOf() throws {
    try database(path).write(
      (0..<3).map { ("image-\($0)", pixels($0)) } + [("label-0", [0x31]), ("label-2", [0x32])])
    let store = try LMDBStore(at: path, raw())
    #expect(try store.labels() == nil)
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("image 1") })
    var stated = raw()
    stated.labels = .named("label-")
    #expect(code { _ = try LMDBStore(at: path, stated) } == .invalidArgument)
  }

  @Test func namedDatabases() throws {
    let database = try database(path)
    try database.write((0..<3).map { ("k\($0)", pixels($0)) }, toNamed: "images")
    try database.write((0..<3).map { ("k\($0)", Array("\(2 - $0)".utf8)) }, toNamed: "labels")
    try database.write([("k0", [1])], toNamed: "other")
    let store = try LMDBStore(at: path, raw())
    try expect(store, [0, 1, 2])
    #expect(try store.labels() == [2, 1, 0])
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("other") })
    try database.write([("k0", pixels(5))], toNamed: "pixels")
    var stated = raw()
    stated.images = "pixels"
    try expect(LMDBStore(at: path, stated), [5])
  }

  @Test func keysThatAreNotPaddedAreInTheOrderOfTheirNumbers() throws {
    try database(path).write((0..<12).map { ("\($0)", pixels($0)) } + [("length", Array("12".utf8))])
    let store = try LMDBStore(at: path, raw())
    try expect(store, Array(0..<12))
    // The numbers are the indices.
    #expect(store.columnNames == [])
    #expect(store.notes.contains { $0.kind == .decided && $0.text.contains("order") })
  }

  /// Caffe's tools write blue first, but for the one that copies CIFAR's planes under keys of five digits.
  @Test func theOrderOfChannels() throws {
    try database(path).write((0..<3).map { ("0000000\($0)_a.png", datum($0, isTurned: true)) })
    let store = try LMDBStore(at: path)
    try expect(store, [0, 1, 2])
    #expect(store.notes.contains { $0.kind == .decided && $0.text.contains("blue first") })
    let other = "\(folder.path)/other"
    try database(other).write((0..<3).map { ("0000000\($0)", datum($0, isTurned: false)) })
    var stated = StoreDescription()
    stated.channelOrder = .rgb
    try expect(LMDBStore(at: other, stated), [0, 1, 2])
    stated.channelOrder = .bgr
    #expect(
      try LMDBStore(at: other, stated).pixels(at: 0) == [
        2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 17, 16, 15,
      ])
  }

  @Test func theDatabaseOfCaffesCIFARConverter() throws {
    let pixels = (0..<3072).map { UInt8(truncatingIfNeeded: $0 * 7) }
    var planes: [UInt8] = []
    for channel in 0..<3 { planes += (0..<1024).map { pixels[3 * $0 + channel] } }
    try database(path).write(
      (0..<3).map { ("0000\($0)", [8, 3, 16, 32, 24, 32, 34, 0x80, 0x18] + planes + [40, UInt8($0)]) })
    let store = try LMDBStore(at: path)
    #expect(try store.pixels(at: 1) == pixels)
    #expect(try store.labels() == [0, 1, 2])
    #expect(store.notes.contains { $0.text.contains("red first") })
  }

  /// What is said is held against what is there.
  @Test func aStatedShapeThatIsAnother() throws {
    try database(path).write((0..<2).map { ("000\($0)x", datum($0, isTurned: true)) })
    var stated = StoreDescription()
    stated.shape = ImageShape(height: 3, width: 2, channels: 3)
    #expect(code { _ = try LMDBStore(at: path, stated) } == .invalidArgument)
    stated.shape = ImageShape(height: 2, width: 3)
    #expect(try LMDBStore(at: path, stated).count == 2)
    stated = StoreDescription()
    stated.axis = .rows
    #expect(code { _ = try LMDBStore(at: path, stated) } == .unusedOption)
  }

  @Test func planesOfRawPixels() throws {
    let pixels = pixels(3)
    let planes = (0..<3).flatMap { channel in (0..<6).map { pixels[3 * $0 + channel] } }
    try database(path).write([("a", planes)])
    var stated = raw()
    stated.dimensions = "CHW"
    #expect(try LMDBStore(at: path, stated).pixels(at: 0) == pixels)
  }

  /// Pickles that Python writes with protocol 4 for `(image, label)`, a dictionary, and an array alone.
  @Test(arguments: ["tuple", "dictionary", "array"])
  func pickledArrays(_ kind: String) throws {
    func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
    func array(_ bytes: [UInt8]) -> [UInt8] {
      // numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b") and its state (1, (2,3,3), dtype u1, False, bytes).
      text("numpy.core.multiarray") + text("_reconstruct") + [0x93] + text("numpy") + text("ndarray") + [
        0x93, 0x4B, 0, 0x85,
      ]
        + [0x43, 1, 0x62, 0x87, 0x52, 0x28, 0x4B, 1, 0x4B, 2, 0x4B, 3, 0x4B, 3, 0x87] + text("numpy")
        + text("dtype") + [0x93]
        + text("u1") + [0x89, 0x88, 0x87, 0x52, 0x28, 0x4B, 3] + text("|")
        + [
          0x4E, 0x4E, 0x4E, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4B, 0, 0x74, 0x62,
          0x89, 0x43, 18,
        ]
        + bytes + [0x74, 0x62]
    }
    func pickle(_ index: Int) -> [UInt8] {
      let image = array(pixels(index))
      let label: [UInt8] = [0x4B, UInt8(index + 4)]
      let body: [UInt8] =
        switch kind {
        case "tuple": image + label + [0x86]
        case "dictionary": [0x7D, 0x28] + text("image") + image + text("label") + label + [0x75]
        default: image
        }
      return [0x80, 4] + body + [0x2E]
    }
    try database(path).write((0..<3).map { ("\($0)", pickle($0)) } + [("__len__", [0x80, 4, 0x4B, 3, 0x2E])])
    let store = try LMDBStore(at: path)
    try expect(store, [0, 1, 2])
    #expect(try store.labels() == (kind == "array" ? nil : [4, 5, 6]))
  }
}
