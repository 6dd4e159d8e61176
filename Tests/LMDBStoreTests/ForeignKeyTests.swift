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

  /// Four bytes have a sign, and bytes that are not text are numbers.
  @Test func numbersOfTheMachine() throws {
    let of4: [[UInt8]] = [[255, 255, 255, 255], [7, 0, 0, 0], [0, 1, 0, 0]]
    let of1: [[UInt8]] = [[1], [2], [255]]
    let of2: [[UInt8]] = [[1, 1], [2, 1], [3, 1]]
    // 4, 0 and -1 of 32 bits, -2, 0 and 9 of 64.
    let floats: [[UInt8]] = [[0, 0, 0x80, 0x40], [0, 0, 0, 0], [0, 0, 0x80, 0xBF]]
    let doubles: [[UInt8]] = [
      [0, 0, 0, 0, 0, 0, 0, 0xC0], [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0x22, 0x40],
    ]
    let halves = [floats[0], floats[1], [0, 0, 0xC0, 0xBF]]
    for (labels, expected) in [
      (of4, [-1, 7, 256]), (of1, [1, 2, 255]), (of2, [257, 258, 259]), (floats, [4, 0, -1]),
      (doubles, [-2, 0, 9]),
      (halves, nil),
    ] {
      try? FileManager.default.removeItem(atPath: path)
      try database(path).write(
        (0..<3).flatMap { [("image-\($0)", pixels($0)), ("label-\($0)", labels[$0])] })
      #expect(try LMDBStore(at: path, raw()).labels() == expected)
    }
  }

  /// What is wrong with a value names the file, the image and the key.
  @Test func valuesThatCannotBeRead() throws {
    let png = [UInt8](try Data(contentsOf: URL(filePath: "\(testsFolder)/Fixtures/files/many/0.png")))
    try database(path).write([("a", png), ("b", Array("junk".utf8)), ("c", png)])
    let store = try LMDBStore(at: path)
    let error = try #require(throws: StoreError.self) { _ = try store.format(at: 1) }
    #expect(error.path == path && error.image == 1 && error.key == "b")
    var said = StoreDescription()
    said.dimensions = "CHW"
    #expect(code { _ = try LMDBStore(at: path, said) } == .unusedOption)
    said = StoreDescription()
    said.palette = .indices
    #expect(code { _ = try LMDBStore(at: path, said) } == .unusedOption)
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

  /// The description is compared with the database.
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

  private func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }

  /// The pickle of an array of 2x3x3 bytes by protocol 4, or one of some of bytes.
  private func array(_ bytes: [UInt8], shape: [UInt8]? = nil) -> [UInt8] {
    // numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b") and its state (1, shape, dtype
    // u1, False, bytes).
    let head =
      text("numpy.core.multiarray") + text("_reconstruct") + [0x93] + text("numpy") + text("ndarray")
      + [0x93, 0x4B, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52, 0x28, 0x4B, 1]
    let extents: [UInt8] =
      shape.map { [0x28] + $0.flatMap { [0x4B, $0] } + [0x74] } ?? [0x4B, 2, 0x4B, 3, 0x4B, 3, 0x87]
    let type =
      text("numpy") + text("dtype") + [0x93] + text("u1") + [0x89, 0x88, 0x87, 0x52, 0x28, 0x4B, 3]
      + text("|")
      + [0x4E, 0x4E, 0x4E, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4B, 0, 0x74, 0x62]
    return head + extents + type + [0x89, 0x43, UInt8(bytes.count)] + bytes + [0x74, 0x62]
  }

  /// Pickles that Python writes with protocol 4 for `(image, label)`, a dictionary, and an array alone.
  @Test(arguments: ["tuple", "dictionary", "array"])
  func pickledArrays(_ kind: String) throws {
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

  /// Labels that are not a number are read if they can be, and never dropped in silence.
  @Test func pickledLabelsOfEveryKind() throws {
    func number(_ number: UInt8) -> [UInt8] { [0x4B, number] }
    func row(_ one: Int) -> [UInt8] { array((0..<4).map { $0 == one ? 1 : 0 }, shape: [4]) }
    func store(_ labels: [[UInt8]]) throws -> LMDBStore {
      try? FileManager.default.removeItem(atPath: path)
      try database(path).write(
        labels.enumerated().map { index, label in
          ("\(index)", [0x80, 4, 0x28] + array(pixels(index)) + label + [0x74, 0x2E])
        })
      return try LMDBStore(at: path)
    }
    let texts = try store([text("cat"), text("dog")])
    try expect(texts, [0, 1])
    #expect(try texts.labels() == nil && texts.column("label") == .string(["cat", "dog"]))
    #expect(try store([row(3), row(0)]).labels() == [3, 0])
    // A number behind a text is the label, whatever the text is.
    #expect(try store([text("a.png") + number(5), text("b.png") + number(6)]).labels() == [5, 6])
    let several = try store([number(5) + number(0), number(6) + number(1)])
    #expect(try several.labels() == [5, 6])
    #expect(several.notes.contains { $0.kind == .decided && $0.text.contains("several numbers") })
    for labels in [
      [[0x4E], number(1)], [number(2), text("cat")], [row(9), row(9)],
      [number(1), array([1, 1], shape: [2])],
    ] {
      let store = try store(labels)
      try expect(store, [0, 1])
      #expect(try store.labels() == nil && store.columnNames.isEmpty)
      #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("labels") }, "\(labels)")
    }
    #expect(try store([[0x4E], [0x4E]]).notes.isEmpty)
  }
}
