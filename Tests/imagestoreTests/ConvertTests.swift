import Foundation
import Testing

@Suite struct ConvertTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let names = ["pngs", "a.lmdb", "a.h5", "a.npz"]

  /// From each kind to each: pixels, labels, columns equal.
  @Test(arguments: names)
  func everyKindFromEveryOther(_ first: String) throws {
    try folder.run("convert", demoSet, first, "--first", "40", "--quiet").succeeded()
    for second in Self.names {
      try folder.run("convert", first, "to-\(second)", "--quiet").succeeded()
      try folder.run("verify", "to-\(second)", "--against", first).succeeded()
    }
    #expect(folder.names == ([first] + Self.names.map { "to-\($0)" }).sorted())
  }

  @Test func aPartOfASetRoundTrips() throws {
    let said = try folder.run("convert", demoSet, "out/", "--split", "train").succeeded()
    #expect(said.hasPrefix("out/: 300 images of 32x32x3 uint8 written"))
    try folder.run("verify", "out/", "--against", demoSet, "--split", "train").succeeded()
    try folder.run("verify", "out", "--against", demoSet, "--split", "test").failed(naming: "300", "60")
    try folder.run("verify", "out", "--against", demoSet).failed(naming: "300", "360")
    try folder.run("convert", "out", "x", "--split", "train").failed(naming: "training", "whole")
  }

  @Test(arguments: names)
  func existingDestinations(_ name: String) throws {
    try folder.run("convert", demoSet, name, "--first", "5", "--quiet").succeeded()
    try folder.run("convert", demoSet, name, "--first", "5").failed(naming: name, "--append", "--replace")
    try folder.run("convert", demoSet, name, "--first", "7", "--append", "--quiet").succeeded()
    #expect(try count(name) == 12)
    try folder.run("convert", demoSet, name, "--first", "3", "--replace", "--quiet").succeeded()
    #expect(try count(name) == 3)
    try folder.run("convert", name, name, "--replace").failed(naming: name, "source")
    #expect(folder.names == [name])
  }

  @Test func whatIsNotAStoreIsReplacedByForceAlone() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: "\(folder.path)/work", withIntermediateDirectories: false)
    try Data("code".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/work/main.c"))
    try Data("thesis".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/a.npz"))
    for name in ["work", "a.npz"] {
      let kinds = name == "work" ? ["file", "lmdb", "hdf5", "npz"] : ["npz", "file"]
      for kind in kinds {
        try folder.run("convert", demoSet, name, "--first", "2", "--to", kind, "--replace").failed(
          naming: name)
      }
    }
    #expect(try folder.contents("work/main.c") == Array("code".utf8))
    #expect(try folder.contents("a.npz") == Array("thesis".utf8))
    // The error does not propose what it would refuse.
    let refusal = try folder.run("convert", demoSet, "work", "--first", "2")
    #expect(refusal.status == 1 && !refusal.error.contains("--replace"))
    #expect(try folder.run("convert", demoSet, "work", "--force").status == 64)
    try folder.run("convert", demoSet, "work", "--first", "2", "--replace", "--force", "--quiet").succeeded()
    #expect(try count("work") == 2)
  }

  @Test func aStoreOfAnotherKindIsReplaced() throws {
    try folder.run("convert", demoSet, "store", "--first", "2", "--quiet").succeeded()
    for kind in ["lmdb", "npz", "hdf5", "file"] {
      try folder.run("convert", demoSet, "store", "--first", "3", "--to", kind, "--replace", "--quiet")
        .succeeded()
      #expect(try info("store")["format"] as? String == kind)
    }
    // A store with a file of the user's among its files is more than a store.
    try Data("notes".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/store/notes.txt"))
    for kind in ["lmdb", "file"] {
      try folder.run("convert", demoSet, "store", "--to", kind, "--replace").failed(naming: "store")
    }
    #expect(try folder.contents("store/notes.txt") == Array("notes".utf8))
  }

  @Test func nothingIsWrittenIntoItsSourceOrAroundIt() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: "\(folder.path)/data", withIntermediateDirectories: false)
    try folder.run("convert", demoSet, "data/train.lmdb", "--first", "2", "--quiet").succeeded()
    for mode in [[], ["--replace"], ["--replace", "--force"], ["--append"]] {
      try Tool.run(["convert", "data/train.lmdb", "data"] + mode, in: folder).failed(naming: "data")
      try Tool.run(["convert", "data/train.lmdb", "data/train.lmdb/more"] + mode, in: folder)
        .failed(naming: "train.lmdb")
    }
    #expect(try count("data/train.lmdb") == 2)
  }

  @Test func kindsByNameAndSuffix() throws {
    for (name, kind, expected) in [
      ("a.npz", "file", "file"), ("folder", "lmdb", "lmdb"), ("b.HDF5", nil, "hdf5"),
      ("c.data", "file", "file"),
    ] {
      let to = kind.map { ["--to", $0] } ?? []
      try Tool.run(["convert", demoSet, name, "--first", "2", "--quiet"] + to, in: folder).succeeded()
      #expect(try info(name)["format"] as? String == expected)
    }
  }

  @Test func layoutsAndCompression() throws {
    try folder.run("convert", demoSet, "flat", "--first", "3", "--layout", "flat", "--quiet").succeeded()
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/flat/2.png"))
    for level in ["none", "fast", "small"] {
      for name in ["\(level).npz", "\(level).h5", "\(level)-pngs"] {
        try folder.run("convert", demoSet, name, "--first", "9", "--compression", level, "--quiet")
          .succeeded()
        try folder.run("verify", name, "--against", "none.npz").succeeded()
      }
    }
  }

  @Test func masks() throws {
    try folder.run("convert", demoSet, "masks", "--threshold", "127", "--first", "4", "--quiet").succeeded()
    let masks = try info("masks")
    #expect(masks["elementType"] as? String == "bool" && masks["channels"] as? Int == 1)
    for name in ["a.bits", "b.lmdb", "c.h5", "d.npz", "e"] {
      try folder.run("convert", "masks", name, "--quiet").succeeded()
      try folder.run("convert", name, "columns-of-\(name).bits", "--layout", "columns", "--quiet").succeeded()
      try folder.run("verify", "columns-of-\(name).bits", "--against", "masks").succeeded()
    }
    // Image 2 by a loop over its channels as .npy files, both after their 128 bytes of header.
    try folder.run("export", demoSet, "2", "image.npy").succeeded()
    try folder.run("export", "masks", "2", "mask.npy").succeeded()
    let image = try folder.contents("image.npy").dropFirst(128).map { Int($0) }
    let expected = (0..<1024).map { (pixel: Int) -> UInt8 in
      let sum = image[pixel * 3] + image[pixel * 3 + 1] + image[pixel * 3 + 2]
      return sum > 381 ? 1 : 0
    }
    #expect(try Array(folder.contents("mask.npy").dropFirst(128)) == expected)
  }

  private func info(_ name: String) throws -> [String: Any] {
    let text = try folder.run("info", name, "--json").succeeded()
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func count(_ name: String) throws -> Int? { try info(name)["count"] as? Int }
}
