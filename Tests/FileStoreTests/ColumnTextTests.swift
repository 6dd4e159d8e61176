import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import FileStore

/// What vectors, bytes and the names of columns are in a `labels.csv`.
@Suite struct ColumnTextTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/store" }
  init() throws { folder = try TemporaryFolder() }

  private func write(_ columns: [String: Column.Value], mode: WriteMode = .create) throws {
    try FileStore.write(to: path, mode: mode) { writer in
      try writer.append([7], format: ImageFormat(height: 1, width: 1), columns: columns)
    }
  }

  @Test func theTextOfEveryKind() throws {
    try write([
      "box": [1, -2], "mean": .doubleVector([0.5, .nan, -.infinity]), "hash": .bytes([0xCA, 0xFE, 0x01]),
      "file": 7,
      "a/b": "x",
    ])
    let text = try String(decoding: contents("\(path)/labels.csv"), as: UTF8.self)
    #expect(
      text
        == "file,label,a/b,box,%66ile,hash,mean\r\n00000/0.png,,x,\"[1, -2]\",7,yv4B,\"[0.5, NaN, -Infinity]\"\r\n"
    )
    let kinds = try String(decoding: contents("\(path)/store.json"), as: UTF8.self)
    for kind in ["\"box\" : \"int64[2]\"", "\"mean\" : \"double[3]\"", "\"hash\" : \"bytes\""] {
      #expect(kinds.contains(kind), "\(kinds)")
    }
    // Without store.json names are what they are, and lists and base64 are text.
    try FileManager.default.removeItem(atPath: "\(path)/store.json")
    let plain = try FileStore(at: path)
    #expect(plain.columnNames == ["a/b", "box", "file", "hash", "mean"])
    #expect(try plain.column("box") == .string(["[1, -2]"]) && plain.column("file") == .int64([7]))
  }

  /// The test vectors of RFC 4648, section 10.
  @Test func base64() {
    for (plain, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encoded(Array(plain.utf8)[...]) == Array(text.utf8))
      #expect(Base64.decoded(text) == Array(plain.utf8))
    }
    for text in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9!", "Zm9v ", "=Zm9"] {
      #expect(Base64.decoded(text) == nil, "\(text)")
    }
    let all = (0...255).map { UInt8($0) }
    #expect(Base64.encoded(all[...]) == Array(Data(all).base64EncodedString().utf8))
  }

  @Test(arguments: [
    "[1, 2]", "[1]", "[1, 2, x]", "[]", "1, 2, 3", "[1, 2, 3", "[1,, 3]", "[1.5, 2, 3]", "",
    "[9223372036854775808, 1, 1]",
  ])
  func aListThatIsNoVector(_ text: String) throws {
    try write(["box": [1, 2, 3]])
    let table = "\(path)/labels.csv"
    try Data("file,label,box\r\n00000/0.png,,\"\(text)\"\r\n".utf8).write(to: URL(filePath: table))
    try setTable()
    let error = #expect(throws: StoreError.self) { _ = try FileStore(at: path).column("box") }
    #expect(error?.code == .corrupt && error?.key == "box", "\(text)")
  }

  /// Columns to which earlier releases added an underscore are read, and keep this heading.
  @Test func namesOfEarlierReleases() throws {
    try write(["file": 1, "label": 2, "label_": 3, "x": 4])
    try Data("file,label,file_,label_,label__,x\r\n00000/0.png,,1,2,3,4\r\n".utf8)
      .write(to: URL(filePath: "\(path)/labels.csv"))
    try setTable()
    func expect(_ count: Int) throws {
      let store = try FileStore(at: path)
      #expect(store.columnNames == ["file", "label", "label_", "x"])
      for (name, value) in [("file", 1), ("label", 2), ("label_", 3), ("x", 4)] as [(String, Int64)] {
        #expect(try store.column(name) == .int64([Int64](repeating: value, count: count)), "\(name)")
      }
      try store.verify()
    }
    try expect(1)
    try write(["file": 1, "label": 2, "label_": 3, "x": 4], mode: .append)
    try expect(2)
    let text = try String(decoding: contents("\(path)/labels.csv"), as: UTF8.self)
    #expect(text.hasPrefix("file,label,file_,label_,label__,x\r\n"))
  }

  /// Makes `store.json` that of the table there is.
  private func setTable() throws {
    let url = URL(filePath: "\(path)/store.json")
    let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
    var description = try #require(parsed)
    var states = try #require(description["states"] as? [[String: Any]])
    let table = try contents("\(path)/labels.csv")
    states[0]["labelsCRC32"] = unsafe CRC32.checksum(of: table.span.bytes)
    description["states"] = states
    description["crc32"] = nil
    try JSONSerialization.data(withJSONObject: description).write(to: url)
  }
}

/// Names of columns in tables of other programs.
@Suite struct ForeignColumnNameTests {
  @Test func namesThatNoColumnCanHave() throws {
    let folder = try TemporaryFolder()
    for index in 0..<2 { try folder.write(contents("\(fixture("mixed"))/a-gray.png"), to: "\(index).png") }
    let long = String(repeating: "/", count: 100)
    try folder.write(
      "name,\"two\nlines\",a/b,\(long),score\n0.png,1,2,3,4\n1.png,5,6,7,8\n", to: "table.csv")
    let store = try FileStore(at: folder.path)
    #expect(store.columnNames.contains("a/b") && store.columnNames.contains("two lines"))
    for name in store.columnNames { try Column.validate(name: name) }
    #expect(try store.column("a/b") == .int64([2, 6]))
    let path = "\(folder.path)-copy"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileStore.write(store, to: path)
    #expect(try FileStore(at: path).columnNames == store.columnNames)
  }
}
