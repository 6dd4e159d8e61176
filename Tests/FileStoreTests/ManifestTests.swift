import FileStore
import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

/// What `store.json` adds, and what is left of a store without it.
@Suite struct ManifestTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/store"
  }

  private func append(_ values: [UInt8], height: Int = 2, mode: WriteMode = .append, finishes: Bool = true)
    throws
  {
    var writer = try FileStore.Writer(to: path, mode: mode, classNames: ["a", "b"])
    for value in values {
      let pixels = [UInt8](repeating: value, count: height * 2)
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(ImageFormat(height: height, width: 2), count: 1),
        labels: ImageLabels(labels: [Int(value)], columns: ["code": .string(["00\(value)"])]))
    }
    if finishes { try writer.finish() }
  }

  @Test func theTableReadsAsWritten() throws {
    try append([4, 5], mode: .create)
    let text = String(decoding: try contents("\(path)/labels.csv"), as: UTF8.self)
    #expect(text == "file,label,code\r\n00000/0.png,4,004\r\n00000/1.png,5,005\r\n")
  }

  @Test func readsWithoutTheDescription() throws {
    try append([4, 5], mode: .create)
    try FileManager.default.removeItem(atPath: "\(path)/store.json")
    let store = try FileStore(at: path)
    #expect(store.format == ImageFormat(height: 2, width: 2))
    #expect(try store.labels() == [4, 5])
    // JSON numbers have no leading zeros.
    #expect(try store.column("code") == .string(["004", "005"]))
    #expect(store.classNames == nil)
    try store.verify()
  }

  @Test func aTableChangedByHandIsReadAndFoundByVerify() throws {
    try append([4, 5], mode: .create)
    try Data("file,label,code\n00000/1.png,7,x\n".utf8).write(to: URL(filePath: "\(path)/labels.csv"))
    let store = try FileStore(at: path)
    #expect(try store.labels() == [7])
    #expect(try store.pixels(at: 0) == [5, 5, 5, 5])
    #expect(throws: StoreError.self) { try store.verify() }
  }

  /// A crash between the two renames of an append leaves the new description with the old table.
  @Test func anInterruptedAppendFallsBack() throws {
    try append([1, 2], mode: .create)
    let table = try contents("\(path)/labels.csv")
    try append([3], height: 3)
    #expect(try FileStore(at: path).format == nil)
    try Data(table).write(to: URL(filePath: "\(path)/labels.csv"))
    let store = try FileStore(at: path)
    #expect(store.count == 2 && store.format == ImageFormat(height: 2, width: 2))
    try store.verify()
  }

  /// The names come with the images that bring them: until labels.csv counts those, the store has none.
  @Test func classNamesComeWithTheImages() throws {
    try FileStore.write(to: path) { writer in
      try writer.append([1], format: ImageFormat(height: 1, width: 1), label: 0)
    }
    let table = try contents("\(path)/labels.csv")
    for names in [["a", "b"], nil, ["a", "b"]] {
      try FileStore.write(to: path, mode: .append, classNames: names) { writer in
        try writer.append([2], format: ImageFormat(height: 1, width: 1), label: 1)
      }
      let store = try FileStore(at: path)
      #expect(store.classNames == ["a", "b"])
      try store.verify()
      if store.count == 2 {
        let longer = try contents("\(path)/labels.csv")
        try Data(table).write(to: URL(filePath: "\(path)/labels.csv"))
        #expect(try FileStore(at: path).classNames == nil)
        try Data(longer).write(to: URL(filePath: "\(path)/labels.csv"))
      }
    }
    #expect(try FileStore(at: path).count == 4)
  }

  /// Names are added after the old ones, so the file's own names are also right for the previous
  /// table.
  @Test func moreClassNamesComeWithTheImages() throws {
    func append(_ names: [String], _ label: Int, mode: WriteMode = .append) throws {
      try FileStore.write(to: path, mode: mode, classNames: names) { writer in
        try writer.append([2], format: ImageFormat(height: 1, width: 1), label: label)
      }
    }
    func namesOfTheFile() throws -> [String]? {
      let object = try JSONSerialization.jsonObject(with: Data(contents("\(path)/store.json")))
      return (object as? [String: Any])?["classNames"] as? [String]
    }
    try append(["a", "b"], 1, mode: .create)
    for (names, all, label) in [
      (["a", "b", "c"], ["a", "b", "c"], 2), (["d", "a"], ["a", "b", "c", "d"], 3),
    ] {
      let table = try contents("\(path)/labels.csv")
      let before = try FileStore(at: path)
      try append(names, names == all ? 2 : 0)
      let store = try FileStore(at: path)
      #expect(store.classNames == all && before.classNames == Array(all.dropLast()))
      #expect(try store.labels()?.last == label && namesOfTheFile() == all)
      try store.verify()
      // A crash between the two renames leaves the table before.
      let longer = try contents("\(path)/labels.csv")
      try Data(table).write(to: URL(filePath: "\(path)/labels.csv"))
      #expect(try FileStore(at: path).classNames == Array(all.dropLast()))
      try FileStore(at: path).verify()
      try Data(longer).write(to: URL(filePath: "\(path)/labels.csv"))
    }
  }

  /// A crash before the first store.json of an old folder is followed by its labels.csv.
  @Test func aDescriptionThatComesFirstKnowsTheTableBefore() throws {
    try append([0, 1], mode: .create)
    try FileManager.default.removeItem(atPath: "\(path)/store.json")
    let table = try contents("\(path)/labels.csv")
    try append([3])
    try Data(table).write(to: URL(filePath: "\(path)/labels.csv"))
    let store = try FileStore(at: path)
    #expect(store.count == 2 && store.format == ImageFormat(height: 2, width: 2))
    try store.verify()
  }

  @Test func aDroppedAppendLeavesTheStore() throws {
    try append([1, 2], mode: .create)
    try append([3], finishes: false)
    let store = try FileStore(at: URL(filePath: path, directoryHint: .isDirectory))
    #expect(store.count == 2)
    try store.verify()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store"])
  }

  @Test func twoWritersAreRefused() throws {
    try append([1], mode: .create)
    let first = try FileStore.Writer(to: path, mode: .append)
    for mode in [WriteMode.append, .replace] {
      let error = #expect(throws: StoreError.self) { _ = try FileStore.Writer(to: path, mode: mode) }
      #expect(error?.code == .busy)
    }
    try first.finish()
  }

  @Test(arguments: [
    "", "{}", "[]", "null", "{\"format\": \"image-files\", \"formatVersion\": 2, \"states\": []}",
    "{\"format\": \"other\", \"formatVersion\": 1, \"states\": []}",
    """
    {"format": "image-files", "formatVersion": 1, "states": [{"labelsCRC32": 0, "count": 1, "hasLabels": true,
      "columns": {}, "imageFormat": {"height": -1, "width": 1, "channels": 1, "elementType": "uint8"}}]}
    """,
  ])
  func hostileDescriptions(_ text: String) throws {
    try append([1], mode: .create)
    try Data(text.utf8).write(to: URL(filePath: "\(path)/store.json"))
    let error = #expect(throws: StoreError.self) { try FileStore(at: path) }
    #expect(error?.path == "\(path)/store.json")
  }
}
