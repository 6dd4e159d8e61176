import Foundation
import Testing

/// Images that cannot be read, among others that can.
@Suite struct BrokenImageTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let png = [UInt8](try Data(contentsOf: URL(filePath: "\(fixture("many"))/0.png")))
    for index in 0..<5 { try folder.write(png, to: "set/cat/\(index).png") }
    try folder.write([], to: "set/cat/1.png")
    try folder.write(Array("<html>404</html>".utf8), to: "set/cat/3.png")
  }

  @Test func allAreTold() throws {
    for arguments in [
      ["verify", "set", "--keep-going"], ["convert", "set", "out.npz", "--keep-going", "--quiet"],
    ] {
      let outcome = try Tool.run(arguments, in: folder)
      #expect(outcome.status == 1)
      let lines = outcome.error.split(separator: "\n")
      #expect(
        lines.count == 3 && lines.allSatisfy { $0.hasPrefix("imagestore: error: ") }, "\(outcome.error)")
      #expect(lines[0].contains("set/cat/1.png") && lines[0].contains("an empty file"))
      #expect(lines[1].contains("set/cat/3.png") && lines[1].contains("a web page"))
      #expect(lines[2].contains("2 of 5"))
    }
    #expect(folder.names == ["set"])
  }

  @Test func theOthersAreConverted() throws {
    let outcome = try folder.run("convert", "set", "out.npz", "--skip-broken", "broken.tsv", "--quiet")
    #expect(outcome.status == 1 && outcome.error.contains("2 of 5"))
    let list = String(decoding: try folder.contents("broken.tsv"), as: UTF8.self).split(separator: "\n")
    #expect(list.count == 2 && list[0].hasPrefix("1\t") && list[1].hasPrefix("3\t"))
    #expect(try folder.run("info", "out.npz", "--json").succeeded().contains(#""count" : 3"#))
    // A list is never written over, and of a set without faults there is none.
    try folder.run("convert", "set", "b.npz", "--skip-broken", "broken.tsv").failed(naming: "broken.tsv")
    #expect(try folder.run("convert", "out.npz", "c.npz", "--skip-broken", "none.tsv", "--quiet").status == 0)
    #expect(folder.names == ["broken.tsv", "c.npz", "out.npz", "set"])
  }

  @Test func filesAreToldForWhatTheyAre() throws {
    for (name, bytes, part) in [
      ("a.h5", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8), "Git LFS"),
      ("a.npz", Array("<!DOCTYPE html><html>".utf8), "web page"), ("a.lmdb", [], "empty file"),
      ("a.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16], "JPEG"),
    ] as [(String, [UInt8], String)] {
      try folder.write(bytes, to: name)
      try folder.run("info", name).failed(naming: name, part)
    }
  }

  @Test func labelsOutOfATable() throws {
    for index in [1, 3] { try FileManager.default.removeItem(atPath: "\(folder.path)/set/cat/\(index).png") }
    try folder.write(Array("id;kind\n4;x\n0;y\n2;x\n".utf8), to: "table.csv")
    let info = try folder.run("info", "set", "--labels", "table.csv:kind", "--json").succeeded()
    #expect(info.contains(#""0" : 2"#) && info.contains(#""1" : 1"#), "\(info)")
    try folder.write(Array("label\n5\n6\n6\n".utf8), to: "lines.csv")
    let lines = try folder.run("info", "set", "--labels", "lines.csv", "--json").succeeded()
    #expect(lines.contains(#""5" : 1"#) && lines.contains(#""6" : 2"#), "\(lines)")
  }
}
