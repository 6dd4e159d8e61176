import Foundation
import Testing

/// Errors are reported in one line, with status 1, and nothing is written.
@Suite struct RefusalTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Converts `source` to each kind, which must fail, name the parts and leave nothing.
  private func expectRefusal(
    of source: String, naming parts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = folder.names
    for destination in ["out", "out.lmdb", "out.h5", "out.npz", "out.bits"] {
      let outcome = try folder.run("convert", source, destination)
      outcome.failed(sourceLocation: sourceLocation)
      for part in parts {
        #expect(outcome.error.contains(part), "\(outcome.error)", sourceLocation: sourceLocation)
      }
    }
    #expect(folder.names == before, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    [], ["convert"], ["convert", "a"], ["convert", "a", "b", "--to", "zip"], ["bogus"], ["info"],
    ["convert", "a", "b", "--append", "--replace"], ["convert", "a", "b", "--first", "0"],
    ["convert", "a", "b", "--layout", "round"], ["convert", "a", "b.npz", "--layout", "flat"],
    ["convert", "a", "b", "--dimensions", "NHX"], ["convert", "a", "b", "--shape", "3x"],
    ["convert", "a", "b", "--compression", "max"], ["verify", "a", "--split", "train"], ["split", "a"],
    ["split", "a", "--folds", "1", "--output", "o"], ["show", "a"], ["show", "a", "--output", "a.jpg"],
    ["export", "a", "one", "b.png"], ["export", "a", "1", "b.gif"], ["demo", "--count", "0"],
  ])
  func wrongUsage(_ arguments: [String]) throws {
    let outcome = try Tool.run(arguments, in: folder)
    // Without a command the help is shown.
    #expect(outcome.status == (arguments.isEmpty ? 0 : 64))
    #expect(folder.names.isEmpty)
  }

  /// An option that does not apply is wrong usage; the error names the option and the kind.
  @Test(arguments: [
    ["--dimensions", "NCHW"], ["--shape", "32x32x3"], ["--dtype", "uint8"], ["--axis", "rows"],
    ["--bit-order", "big"], ["--channel-order", "bgr"], ["--palette", "indices"], ["--classes-at", "2"],
    ["--images", "x"],
  ])
  func optionsWithoutEffect(_ option: [String]) throws {
    for arguments in [["info", demoSet], ["convert", demoSet, "out.npz"], ["verify", demoSet]] {
      let outcome = try Tool.run(arguments + option, in: folder)
      #expect(outcome.status == 64)
      #expect(outcome.error.contains(option[0]) && outcome.error.contains("cifar"), "\(outcome.error)")
      #expect(folder.names.isEmpty)
    }
  }

  @Test func wrongPaths() throws {
    try expectRefusal(of: "nothing-there", naming: ["nothing-there"])
    try folder.write(Array("hello, this is text".utf8), to: "text.txt")
    try expectRefusal(of: "text.txt", naming: ["text.txt"])
    try folder.write(Array("hello".utf8), to: "notes/text.txt")
    try expectRefusal(of: "notes", naming: ["notes"])
    try folder.run("convert", demoSet, "no/such/folder").failed(naming: "no/such")
    try folder.run("info", "nothing-there").failed(naming: "nothing-there")
    try folder.run("verify", demoSet, "--against", "nothing-there").failed(naming: "nothing-there")
    try folder.run("convert", demoSet, "out", "--first", "1000").failed(naming: "360", "1000")
    #expect(folder.names == ["notes", "text.txt"])
  }

  @Test func filesCutShort() throws {
    for (name, keep) in [("a.npz", 0.6), ("a.h5", 0.6), ("a.npz", 0.01), ("a.h5", 0.01)] {
      try folder.run("convert", demoSet, name, "--first", "50", "--quiet").succeeded()
      let bytes = try folder.contents(name)
      try folder.write(Array(bytes[..<Int(Double(bytes.count) * keep)]), to: name)
      try expectRefusal(of: name, naming: [name])
      try folder.run("verify", name).failed(naming: name)
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
    }
    let batch = try Data(contentsOf: URL(filePath: "\(demoSet)/data_batch_1"))
    try folder.write(Array(batch.prefix(100_000)), to: "data_batch_1")
    try expectRefusal(of: "data_batch_1", naming: ["data_batch_1"])
  }

  @Test func aPickleThatCallsTheSystem() throws {
    try folder.write(Array("cos\nsystem\n(S'touch touched'\ntR.".utf8), to: "set/data_batch_1")
    try expectRefusal(of: "set", naming: ["data_batch_1"])
    try folder.write([0x80, 2] + Array("cos\nsystem\n(S'touch touched'\ntR.".utf8), to: "set/data_batch_1")
    try expectRefusal(of: "set", naming: ["data_batch_1", "os"])
    #expect(folder.names == ["set"])
  }

  @Test func hostileFolders() throws {
    let png = [UInt8](try Data(contentsOf: URL(filePath: "\(fixture("many"))/0.png")))
    for (table, part) in [
      ("missing.png,1", "missing.png"), ("../../etc/passwd,1", "labels.csv"), ("/etc/passwd,1", "labels.csv"),
      ("a.png,1\na.png,2", "line 3"),
    ] {
      try folder.write(png, to: "pngs/a.png")
      try folder.write(Array("file,label\n\(table)\n".utf8), to: "pngs/labels.csv")
      try expectRefusal(of: "pngs", naming: [part])
    }
    var huge = png
    huge.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
    try folder.write(huge, to: "huge/0.png")
    try expectRefusal(of: "huge", naming: ["0.png"])
  }

  @Test func whatAFormatCannotHold() throws {
    try folder.run("convert", demoSet, "out.bits").failed(naming: "image")
    try folder.run("convert", demoSet, "out.bits", "--threshold", "9", "--compression", "fast").failed(
      naming: "--compression")
    try folder.run("convert", demoSet, "out.lmdb", "--compression", "small").failed(naming: "--compression")
    #expect(folder.names.isEmpty)
  }

  @Test func bareBitsThatAreNotDescribed() throws {
    try folder.write([UInt8](repeating: 200, count: 64), to: "masks.bin")
    try folder.run("info", "masks.bin").failed(naming: "masks.bin", "--shape")
    #expect(try folder.run("info", "masks.bin", "--shape", "16x16", "--axis", "rows").status == 0)
    try folder.run("info", "masks.bin", "--shape", "16x15").failed(naming: "masks.bin")
  }

  @Test func differencesAreTold() throws {
    try folder.run("convert", demoSet, "a", "--first", "5", "--layout", "flat", "--quiet").succeeded()
    try folder.run("convert", demoSet, "b", "--first", "5", "--layout", "flat", "--quiet").succeeded()
    let manager = FileManager.default
    try manager.removeItem(atPath: "\(folder.path)/b/3.png")
    try manager.copyItem(atPath: "\(folder.path)/a/4.png", toPath: "\(folder.path)/b/3.png")
    try folder.run("verify", "b", "--against", "a").failed(naming: "b: image 3", "row", "column", "channel")
    try folder.write(Array(folder.contents("a/4.png").dropLast(9)), to: "b/4.png")
    try folder.run("verify", "b").failed(naming: "b/4.png", "image 4")
  }

  /// What is compressed as a whole is named, with the command that undoes it.
  @Test(
    arguments: [
      ("a.h5.gz", [0x1F, 0x8B, 8, 0, 1, 2, 3], "gzip", "gunzip -k a.h5.gz"),
      ("b.h5", [0x1F, 0x8B, 8, 0, 1, 2, 3], "gzip", "gunzip -c < b.h5"),
      ("c.npz.bz2", [0x42, 0x5A, 0x68, 0x39, 0x31], "bzip2", "bunzip2 -k c.npz.bz2"),
      ("it's d.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 1], "xz", "unxz -k 'it'\\''s d.xz'"),
      ("e.tar.zst", [0x28, 0xB5, 0x2F, 0xFD, 1], "zstd", "unzstd -k e.tar.zst"),
    ] as [(String, [UInt8], String, String)])
  func compressedFiles(name: String, bytes: [UInt8], program: String, command: String) throws {
    try folder.write(bytes, to: name)
    try expectRefusal(of: name, naming: [name, program, command])
    let outcome = try folder.run("info", name, "--shape", "2x4", "--axis", "columns")
    outcome.failed(naming: program, command)
  }
}
