import Foundation
import ImageStoreCatalog
import ImageStoreCore
import Testing

/// `info`, `show`, `export`, `split`, `demo` and the help.
@Suite struct LookingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func info(_ path: String) throws -> [String: Any] {
    let text = try folder.run("info", path, "--json").succeeded()
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func infoOfADividedSet() throws {
    let info = try info(demoSet)
    #expect(info["format"] as? String == "cifar")
    #expect(info["count"] as? Int == 360)
    #expect([info["height"], info["width"], info["channels"]].map { $0 as? Int } == [32, 32, 3])
    #expect(info["elementType"] as? String == "uint8")
    #expect(
      info["labelCounts"] as? [String: Int]
        == Dictionary(uniqueKeysWithValues: (0..<10).map { ("\($0)", 36) }))
    #expect(info["columns"] as? [String] == ["filename"])
    let sizes = try FileManager.default.contentsOfDirectory(atPath: demoSet).map {
      try #require(try FileManager.default.attributesOfItem(atPath: "\(demoSet)/\($0)")[.size] as? Int)
    }
    #expect(info["bytesOnDisk"] as? Int == sizes.reduce(0, +))
    #expect(try folder.run("info", demoSet).succeeded().contains("360 (300 training, 60 test)"))
  }

  @Test func infoOfImagesThatDiffer() throws {
    let info = try info(fixture("mixed"))
    #expect(info["height"] as? Int == 5 && info["channels"] is NSNull && info["elementType"] is NSNull)
    #expect(info["labelCounts"] as? [String: Int] == [:] && info["columns"] as? [String] == ["name"])
  }

  /// Columns of every kind, under names that formats have something else for.
  @Test func columnsOfEveryKind() throws {
    func store(_ last: UInt8) throws -> InMemoryStore {
      try InMemoryStore { writer in
        for number in 0..<3 {
          try writer.append(
            [UInt8(number)], format: ImageFormat(height: 1, width: 1),
            columns: [
              "box": [1, 2, 3, 4], "a/b": .bytes([1, last]), "image": "x", "mean": [0.5, 1], "..": 7,
              "file": 0.5,
            ])
        }
      }
    }
    let names = ["a.npz", "b.h5", "c.lmdb", "d"]
    for name in names {
      try StoreCatalog.write(store(1), to: "\(folder.path)/\(name)")
      let kinds = try info("\(folder.path)/\(name)")["columnKinds"] as? [String: String]
      #expect(
        kinds == [
          "box": "int64[4]", "a/b": "bytes", "image": "string", "mean": "double[2]", "..": "int64",
          "file": "double",
        ])
      #expect(try folder.run("info", name).succeeded().contains("column    box (int64[4])"))
      try folder.run("show", name, "--output", "\(name).png").succeeded()
      try folder.run("verify", name, "--against", names[0]).succeeded()
    }
    try StoreCatalog.write(store(2), to: "\(folder.path)/other.npz")
    try folder.run("verify", "other.npz", "--against", "b.h5").failed(naming: "image 0", "a/b", "differs")
  }

  @Test func pictures() throws {
    try folder.run("show", demoSet, "--output", "a.png", "--first", "12", "--columns", "4").succeeded()
    // Four images of 96 pixels with frames, 10 pixels apart and around.
    #expect(try Array(folder.contents("a.png")[16..<20]) == [0, 0, 1, 186])
    try folder.run("show", fixture("mixed"), "--output", "b.png", "--index", "4", "1", "1").succeeded()
    try folder.run("show", fixture("mixed"), "--output", "c.png", "--index", "9").failed(naming: "mixed", "9")
    #expect(folder.names == ["a.png", "b.png"])
  }

  @Test func exports() throws {
    try folder.run("export", fixture("many"), "3", "a.png").succeeded()
    try folder.write(Array("0\r\n".utf8), to: "1.csv")
    try folder.write(try folder.contents("a.png"), to: "0.png")
    try FileManager.default.removeItem(atPath: "\(folder.path)/a.png")
    try folder.run("export", ".", "0", "again.npy").succeeded()
    try folder.run("export", fixture("many"), "3", "once.npy").succeeded()
    let once = try folder.contents("once.npy")
    #expect(try folder.contents("again.npy") == once && once.count == 128 + 120 && once[128] == 111)
    try folder.run("export", fixture("many"), "6", "a.png").failed(naming: "many", "6")
    try folder.run("export", fixture("many"), "0", "none/a.png").failed(naming: "none/a.png")
    // A suffix that is not a picture's here, and that of a picture which the image is not.
    #expect(try folder.run("export", fixture("many"), "0", "a.bmp").status == 64)
    #expect(try folder.run("export", fixture("many"), "0", "a.jpg").status != 0)
  }

  @Test func foldsHoldEachImageOnce() throws {
    try folder.run("split", demoSet, "--folds", "7", "--seed", "3", "--output", "folds").succeeded()
    let labels = try labelsOfDemoSet()
    var seen: [Int] = []
    for fold in 0..<7 {
      let part = try indices("folds/fold-\(fold)-validation.npy")
      let rest = try indices("folds/fold-\(fold)-train.npy")
      #expect((part + rest).sorted() == Array(0..<360) && part == part.sorted() && rest == rest.sorted())
      for label in 0..<10 { #expect((5...6).contains(part.count { labels[$0] == label })) }
      seen += part
    }
    #expect(seen.sorted() == Array(0..<360))
    try folder.run("split", demoSet, "--folds", "7", "--output", "folds").failed(naming: "folds/fold-0")
    try folder.run("split", demoSet, "--folds", "361", "--output", "many").failed(naming: demoSet, "361")
    #expect(folder.names == ["folds"])
  }

  @Test func partsHaveTheirShareOfEveryClass() throws {
    try folder.run("split", demoSet, "--fractions", "0.7,0.2,0.1", "--output", "parts").succeeded()
    let labels = try labelsOfDemoSet()
    var seen: [Int] = []
    for (name, share) in [("train", 0.7), ("validation", 0.2), ("test", 0.1)] {
      let part = try indices("parts/\(name).npy")
      #expect(part == part.sorted())
      for label in 0..<10 {
        #expect(abs(Double(part.count { labels[$0] == label }) - 36 * share) <= 1, "\(name), class \(label)")
      }
      seen += part
    }
    #expect(seen.sorted() == Array(0..<360))
    try folder.run("split", demoSet, "--fractions", "0.5,0.5", "--output", "parts").failed(naming: "parts/")
    for wrong in ["0.5", "0.5,0.6", "1.5,-0.5", "0.5,,0.5", "x,y", "0.25,0.25,0.25,0.25"] {
      #expect(try folder.run("split", demoSet, "--fractions", wrong, "--output", "no").status == 64)
    }
    #expect(
      try folder.run("split", demoSet, "--fractions", "0.5,0.5", "--folds", "2", "--output", "no").status
        == 64)
    #expect(try folder.run("split", demoSet, "--output", "no").status == 64)
    #expect(folder.names == ["parts"])
  }

  /// The int64 elements of a .npy file with a header of 128 bytes, read by hand.
  private func indices(_ name: String) throws -> [Int] {
    let bytes = try folder.contents(name)
    let header = String(decoding: bytes[..<128], as: UTF8.self)
    #expect(header.contains("'descr': '<i8', 'fortran_order': False, 'shape': ("))
    return stride(from: 128, to: bytes.count, by: 8).map { start in
      (0..<8).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    }
  }

  private func labelsOfDemoSet() throws -> [Int] {
    try folder.run("convert", demoSet, "labels", "--quiet").succeeded()
    let lines = String(decoding: try folder.contents("labels/labels.csv"), as: UTF8.self).split(
      separator: "\r\n")
    try FileManager.default.removeItem(atPath: "\(folder.path)/labels")
    return try lines.dropFirst().map { try #require(Int($0.split(separator: ",")[1])) }
  }

  @Test func theDemo() throws {
    let said = try folder.run("demo", "--count", "200").succeeded()
    for kind in Set(StoreCatalog.variants.map(\.kind)) {
      #expect(said.contains("\n  \(kind) "), "\(said)")
    }
    #expect(folder.names == ["imagestore-demo"])
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/imagestore-demo/first-images.png"))
    // Once more over the existing files, with another data set.
    try folder.run("demo", "--count", "20", "--cifar10", demoSet, "--output", "imagestore-demo").succeeded()
  }

  @Test(arguments: ["demo", "convert", "info", "verify", "show", "export", "split"])
  func help(_ command: String) throws {
    #expect(try folder.run("--help").succeeded().contains("\n  \(command) "))
    #expect(try folder.run(command, "--help").succeeded().contains("USAGE: imagestore \(command)"))
  }
}
