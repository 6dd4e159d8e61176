import FileStore
import Foundation
import ImageStoreCore
import Testing

/// Folders as zips, notebooks, competitions and file systems leave them.
@Suite struct PeoplesFolderTests {
  let folder: TemporaryFolder
  let manager = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  /// Writes an image of the fixtures.
  func put(_ index: Int, _ name: String) throws {
    try folder.write(FileStoreTests.contents("\(fixture("many"))/\(index).png"), to: name)
  }

  func classes(_ names: [String] = ["cat", "dog"]) throws {
    for (label, name) in names.enumerated() {
      for index in 0..<2 { try put(2 * label + index, "\(name)/\(index).png") }
    }
  }

  func description(_ change: (inout StoreDescription) -> Void) -> StoreDescription {
    var description = StoreDescription()
    change(&description)
    return description
  }

  func expect(
    _ store: FileStore, _ images: [Int], _ labels: [Int]?, _ names: [String]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(store.count == images.count, sourceLocation: sourceLocation)
    for (index, image) in images.enumerated() {
      #expect(try store.pixels(at: index) == fixturePixels(image), sourceLocation: sourceLocation)
    }
    #expect(try store.labels() == labels, sourceLocation: sourceLocation)
    #expect(store.classNames == names, sourceLocation: sourceLocation)
  }

  func code(_ text: String? = nil, _ body: () throws -> Void) -> StoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      guard let error = error as? StoreError else { return nil }
      if let text, !error.description.contains(text) { Issue.record("\(error)") }
      #expect(!error.description.contains("\n"))
      return error.code
    }
  }

  // MARK: Class folders

  @Test func whatSystemsLeaveIsNotAClass() throws {
    try classes()
    for name in [
      "__MACOSX/cat/._0.png", "@eaDir/cat/0.png/thumb.png", ".ipynb_checkpoints/0.png", "cat/._1.png",
    ] {
      try folder.write([0, 5, 22, 7], to: name)
    }
    try put(5, "cat/@eaDir/0.png/thumb.png")
    try put(5, "cat/9.png/thumb.png")
    try folder.write("<a/>", to: "annotations/a.xml")
    try manager.createDirectory(atPath: "\(folder.path)/bird", withIntermediateDirectories: true)
    let store = try FileStore(at: folder.path)
    try expect(store, [0, 1, 2, 3], [0, 0, 1, 1], ["cat", "dog"])
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("annotations") })
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("bird") })
    #expect(try store.column("name") == .string(["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]))
  }

  @Test func classFoldersWinOverAPictureBesideThem() throws {
    try classes()
    try put(5, "overview.png")
    let store = try FileStore(at: folder.path)
    try expect(store, [0, 1, 2, 3], [0, 0, 1, 1], ["cat", "dog"])
    #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("overview.png") })
  }

  @Test func linksWithinAreFollowed() throws {
    try classes()
    try put(4, "store/x.png")
    try manager.createSymbolicLink(atPath: "\(folder.path)/ant", withDestinationPath: "store")
    try manager.createSymbolicLink(atPath: "\(folder.path)/elk", withDestinationPath: "\(folder.path)/dog")
    try manager.createSymbolicLink(atPath: "\(folder.path)/cat/more", withDestinationPath: "../store")
    try manager.createSymbolicLink(
      atPath: "\(folder.path)/cat/z.png", withDestinationPath: "\(folder.path)/dog/0.png")
    try expect(
      FileStore(at: folder.path), [4, 0, 1, 4, 2, 2, 3, 2, 3, 4], [0, 1, 1, 1, 1, 2, 2, 3, 3, 4],
      ["ant", "cat", "dog", "elk", "store"])
  }

  @Test(arguments: ["bird", "cat/more", "cat/9.png", "gone", "loop"])
  func linksOutAreRefusedByName(_ name: String) throws {
    try classes()
    let outside = try TemporaryFolder()
    try outside.write(FileStoreTests.contents("\(fixture("many"))/0.png"), to: "set/0.png")
    let target =
      switch name {
      case "gone": "nowhere"
      case "loop": "."
      case "cat/9.png": "\(outside.path)/set/0.png"
      default: "\(outside.path)/set"
      }
    try manager.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: target)
    #expect(code(name) { _ = try FileStore(at: folder.path) } == .invalidArgument)
  }

  @Test func namesThatAreNotUTF8() throws {
    #if os(Linux)
    let png = try FileStoreTests.contents("\(fixture("many"))/1.png")
    for (name, file) in [([0x73, 0xDF] as [UInt8], "a"), ([0x73, 0xE4], "b"), (Array("weg".utf8), "c")] {
      let path = Array("\(folder.path)/".utf8) + name
      let result = unsafe mkdir(path.map { CChar(bitPattern: $0) } + [0], 0o755)
      try #require(result == 0)
      let image = path + Array("/".utf8) + [0xE9] + Array("\(file).png".utf8)
      let descriptor = unsafe open(image.map { CChar(bitPattern: $0) } + [0], O_WRONLY | O_CREAT, 0o644)
      try #require(descriptor >= 0)
      #expect(unsafe Glibc.write(descriptor, png, png.count) == png.count)
      close(descriptor)
    }
    let store = try FileStore(at: folder.path)
    try expect(store, [1, 1, 1], [0, 1, 2], ["s\\xdf", "s\\xe4", "weg"])
    try store.verify()
    #endif
  }

  /// Two names that look the same are two classes.
  @Test func namesAreComparedByTheirBytes() throws {
    try put(0, "cafe\u{301}/0.png")
    try put(1, "caf\u{E9}/0.png")
    try #require(manager.contentsOfDirectory(atPath: folder.path).count == 2)
    #expect(try FileStore(at: folder.path).labels() == [0, 1])
  }

  @Test func classesThatAreNumbersAreNumberedByThem() throws {
    for index in 0..<12 { try put(index % 6, "\(index)/x.png") }
    let store = try FileStore(at: folder.path)
    #expect(store.classNames == (0..<12).map(String.init))
    #expect(try store.labels() == [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(store.notes.contains { $0.kind == .decided })
  }

  @Test func classesDeeper() throws {
    for (index, name) in ["a/x", "a/y", "b/x"].enumerated() { try put(index, "\(name)/0.png") }
    let outer = try FileStore(at: folder.path)
    try expect(outer, [0, 1, 2], [0, 0, 1], ["a", "b"])
    #expect(outer.notes.contains { $0.text.contains("--classes-at 2") })
    try expect(
      FileStore(at: folder.path, description { $0.classDepth = 2 }), [0, 1, 2], [0, 1, 2],
      ["a/x", "a/y", "b/x"])
    #expect(
      code { _ = try FileStore(at: folder.path, description { $0.classDepth = 3 }) } == .invalidArgument)
  }

  @Test func whatHasTwoReadingsIsRefused() throws {
    try put(0, "images/cat/0.png")
    try put(1, "images/dog/0.png")
    #expect(code("--classes-at 2") { _ = try FileStore(at: folder.path) } == .invalidArgument)
    try expect(
      FileStore(at: folder.path, description { $0.images = "images" }), [0, 1], [0, 1], ["cat", "dog"])
    let pairs = try TemporaryFolder()
    let png = try FileStoreTests.contents("\(fixture("many"))/0.png")
    for name in ["images/0.png", "images/1.png", "masks/0.png", "masks/1.png"] {
      try pairs.write(png, to: name)
    }
    #expect(code("masks") { _ = try FileStore(at: pairs.path) } == .invalidArgument)
    #expect(try FileStore(at: pairs.path, description { $0.images = "masks" }).count == 2)
  }

  // MARK: Splits

  @Test func splitsOfClassFolders() throws {
    try put(0, "train/cat/0.png")
    try put(1, "train/dog/0.png")
    try put(2, "valid/dog/0.png")
    try put(3, "extra/cat/0.png")
    let splits = try FileStore.splits(at: folder.path)
    #expect(Set(splits.keys) == [.training, .validation, "extra"])
    try expect(splits[.training]!, [0, 1], [0, 1], ["cat", "dog"])
    // The numbers of classes are the same in all splits.
    try expect(splits[.validation]!, [2], [1], ["cat", "dog"])
    try expect(FileStore(at: folder.path), [0, 1, 2, 3], [0, 1, 1, 0], ["cat", "dog"])
  }

  @Test func aClassCalledTrainIsAClass() throws {
    for (index, name) in ["bus", "train"].enumerated() { try put(index, "\(name)/0.png") }
    try expect(FileStore(at: folder.path), [0, 1], [0, 1], ["bus", "train"])
  }

  @Test func aTableBesideSplits() throws {
    for index in 0..<3 { try put(index, "train/\(index + 1).png") }
    for index in 0..<2 { try put(index + 3, "test/\(index + 1).png") }
    try folder.write("id,label\n3,frog\n1,cat\n2,frog\n", to: "trainLabels.csv")
    let splits = try FileStore.splits(at: folder.path)
    try expect(splits[.training]!, [2, 0, 1], [1, 0, 1], ["cat", "frog"])
    try expect(splits[.test]!, [3, 4], nil)
  }

  // MARK: Tables

  @Test(arguments: [
    "file, label\na.png, 3\nb.png, 1\n", "File,Label\na.png,3\nb.png,1\n",
    "filename;class\na.png;3\nb.png;1\n",
    "id\tlabel\na\t3\nb\t1\n", ",file,label\n0,a.png,3\n1,b.png,1\n", "file,label\na.png,3.0\nb.png,1.0\n",
    "a.png,3\nb.png,1\n", "label,file\n3,./a.png\n1,./b.png\n",
    "file,label\n/data/me/a.png,3\n/data/me/b.png,1\n",
    "file,label\nimages\\a.png,3\nimages\\b.png,1\n", "# made by x\nfile,label\na.png,3\nb.png,1\n",
    "file,label,\na.png,3,\nb.png,1,\n", "image_id,breed\na,3\nb,1\n",
  ])
  func tablesOfOthers(_ text: String) throws {
    try put(0, "a.png")
    try put(1, "b.png")
    for name in ["labels.csv", "train.csv"] {
      try folder.write(text, to: name)
      let store = try FileStore(at: folder.path)
      try expect(store, [0, 1], [3, 1])
      #expect(store.columnNames == ["name"])
      try manager.removeItem(atPath: "\(folder.path)/\(name)")
    }
  }

  @Test func labelsThatAreNoneAreAColumnAndToldOf() throws {
    try put(0, "a.png")
    try put(1, "b.png")
    for (values, column) in [
      (["3", ""], Column.string(["3", ""])), (["3", "NA"], .string(["3", "NA"])),
      (["1 3", "2"], .string(["1 3", "2"])),
      (["0.5", "1"], .double([0.5, 1])),
    ] {
      try folder.write("file,label\na.png,\(values[0])\nb.png,\(values[1])\n", to: "labels.csv")
      let store = try FileStore(at: folder.path)
      try expect(store, [0, 1], nil)
      #expect(try store.column("label") == column)
      #expect(store.notes.contains { $0.kind == .notRead && $0.text.contains("label") })
      #expect(
        code { _ = try FileStore(at: folder.path, description { $0.labels = .named("label") }) }
          == .invalidArgument)
    }
  }

  @Test func picturesThatATableDoesNotName() throws {
    for (index, name) in ["a", "b", "c"].enumerated() { try put(index, "\(name).png") }
    try folder.write("file,label\nc.png,3\na.png,1\n", to: "labels.csv")
    #expect(code("b.png") { _ = try FileStore(at: folder.path) } == .invalidArgument)
    try expect(
      FileStore(at: folder.path, description { $0.labels = StoreDescription.Labels.none }), [0, 1, 2], nil)
    let listed = try FileStore(at: folder.path, description { $0.images = "file" })
    try expect(listed, [2, 0], [3, 1])
    #expect(listed.notes.contains { $0.kind == .notRead })
  }

  @Test func aTableBesideClassFolders() throws {
    try classes()
    try folder.write(
      "file,label,age\ncat/0.png,cat,1\ncat/1.png,cat,2\ndog/0.png,dog,3\ndog/1.png,dog,4\n", to: "m.csv")
    let agreeing = try FileStore(at: folder.path)
    try expect(agreeing, [0, 1, 2, 3], [0, 0, 1, 1], ["cat", "dog"])
    #expect(try agreeing.column("age") == .int64([1, 2, 3, 4]))
    try folder.write("file,label\ncat/0.png,1\ncat/1.png,0\ndog/0.png,1\ndog/1.png,0\n", to: "m.csv")
    #expect(code("--classes-at 1") { _ = try FileStore(at: folder.path) } == .invalidArgument)
    try expect(
      FileStore(at: folder.path, description { $0.labels = .named("label") }), [0, 1, 2, 3], [1, 0, 1, 0])
    try expect(
      FileStore(at: folder.path, description { $0.classDepth = 1 }), [0, 1, 2, 3], [0, 0, 1, 1],
      ["cat", "dog"])
    try folder.write("name,weight\ncat,3\n", to: "m.csv")
    #expect(code("--labels none") { _ = try FileStore(at: folder.path) } != nil)
  }

  @Test func numbersInNamesGiveTheOrder() throws {
    for index in 1...12 { try put(index % 6, "img_\(index).png") }
    let store = try FileStore(at: folder.path)
    try expect(store, (1...12).map { $0 % 6 }, nil)
    #expect(store.notes.contains { $0.kind == .decided })
    try folder.write((1...12).map { "\($0 % 5)\n" }.joined(), to: "12.csv")
    try expect(FileStore(at: folder.path), (1...12).map { $0 % 6 }, (1...12).map { $0 % 5 })
    try folder.write("label\n1\n2\n", to: "12.csv")
    #expect(code("2 labels for 12") { _ = try FileStore(at: folder.path) } == .corrupt)
  }

  // MARK: Masks, columns, modes

  @Test func indicesOfAPalette() throws {
    // 3x1 pixels of 8 bits, the indices 2 0 1 of a palette: made with Python's zlib.
    let png: [UInt8] =
      [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 3, 0, 0,
        0, 1, 8, 3, 0, 0, 0,
      ] + [
        44, 62, 228, 134, 0, 0, 0, 9, 80, 76, 84, 69, 1, 2, 3, 4, 5, 6, 7, 8, 9, 37, 133, 86, 240, 0, 0, 0,
        12, 73, 68, 65, 84, 120, 156, 99, 96, 98, 96, 4, 0, 0, 11, 0, 4, 84, 149, 206, 140, 0, 0, 0, 0, 73,
        69, 78, 68, 174, 66, 96, 130,
      ] as [UInt8]
    try folder.write(png, to: "a.png")
    let colors = try FileStore(at: folder.path)
    #expect(try colors.pixels(at: 0) == [7, 8, 9, 1, 2, 3, 4, 5, 6])
    #expect(colors.notes.contains { $0.kind == .decided && $0.text.contains("--palette indices") })
    let masks = try FileStore(at: folder.path, description { $0.palette = .indices })
    #expect(masks.format == ImageFormat(height: 1, width: 3))
    #expect(try masks.pixels(at: 0) == [2, 0, 1])
    #expect(!masks.notes.contains { $0.text.contains("palette") })
    try masks.verify()
    // A later one is noted when it has been read.
    try manager.moveItem(atPath: "\(folder.path)/a.png", toPath: "\(folder.path)/z.png")
    try put(0, "b.png")
    let mixed = try FileStore(at: folder.path)
    #expect(mixed.notes.isEmpty)
    _ = try mixed.pixels(at: 1)
    #expect(mixed.notes.map(\.kind) == [.decided])
    #expect(try FileStore(at: folder.path, description { $0.palette = .indices }).pixels(at: 1) == [2, 0, 1])
    try manager.removeItem(atPath: "\(folder.path)/z.png")
    for palette in [StoreDescription.PaletteReading.indices, .colors] {
      #expect(
        code("palette") { _ = try FileStore(at: folder.path, description { $0.palette = palette }) }
          == .unusedOption)
    }
  }

  @Test func whatIsSaidIsHeldAgainstTheImages() throws {
    try put(0, "a.png")
    #expect(
      code { _ = try FileStore(at: folder.path, description { $0.shape = ImageShape(height: 8, width: 5) }) }
        == .invalidArgument)
    #expect(
      try FileStore(at: folder.path, description { $0.shape = ImageShape(height: 5, width: 8, channels: 3) })
        .count == 1)
    #expect(
      code { _ = try FileStore(at: folder.path, description { $0.elementType = .float32 }) }
        == .invalidArgument)
    #expect(
      code { _ = try FileStore(at: folder.path, description { $0.dimensions = "NCHW" }) } == .unusedOption)
  }

  @Test func newFilesHaveTheModesOfTheirNeighbors() throws {
    let path = "\(folder.path)/store"
    for layout in [FileStore.Layout.subfolders, .flat] {
      try? manager.removeItem(atPath: path)
      func append(_ mode: WriteMode) throws {
        var writer = try FileStore.Writer(to: path, mode: mode, layout: layout)
        let pixels: [UInt8] = [1, 2]
        try unsafe writer.append(pixels.span.bytes, format: ImageFormat(height: 1, width: 2), label: 0)
        try writer.finish()
      }
      try append(.create)
      let prefix = layout == .flat ? "" : "00000/"
      try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/\(prefix)0.png")
      try append(.append)
      let mode = try manager.attributesOfItem(atPath: "\(path)/\(prefix)1.png")[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  /// A store without images has files all the same.
  @Test func filesOfAnEmptyStoreAreNeighborsToo() throws {
    let path = "\(folder.path)/empty"
    for layout in [FileStore.Layout.subfolders, .flat] {
      try? manager.removeItem(atPath: path)
      try FileStore.Writer(to: path, layout: layout).finish()
      try manager.removeItem(atPath: "\(path)/store.json")
      try manager.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
      try manager.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(path)/labels.csv")
      var writer = try FileStore.Writer(to: path, mode: .append, layout: layout)
      let pixels: [UInt8] = [1, 2]
      try unsafe writer.append(pixels.span.bytes, format: ImageFormat(height: 1, width: 2), label: 0)
      try writer.finish()
      func mode(_ name: String) throws -> Int? {
        try manager.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
      }
      let image = layout == .flat ? "0.png" : "00000/0.png"
      for name in [image, "store.json", "labels.csv"] { #expect(try mode(name) == 0o640, "\(name)") }
      if layout == .subfolders { #expect(try mode("00000") == 0o750) }
    }
  }
}
