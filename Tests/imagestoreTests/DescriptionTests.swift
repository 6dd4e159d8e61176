import Foundation
import ImageStoreCatalog
import Testing

/// Options that describe files are used or refused in every command, and never ignored.
@Suite struct DescriptionTests {
  private let folder: TemporaryFolder
  /// Planes of 6 images of 4x5x3.
  private let planes = (0..<360).map { UInt8(truncatingIfNeeded: $0 * 7) }
  private let stated = ["--shape", "4x5x3", "--dimensions", "NCHW"]

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(planes, to: "planes.bin")
  }

  private func run(_ arguments: [String]) throws -> Tool.Outcome { try Tool.run(arguments, in: folder) }

  /// The description applies to the file that this package did not write, in either position.
  @Test func whatIsSaidOfOneOfTwoFiles() throws {
    for name in ["a.npz", "a.h5", "a.lmdb", "a"] {
      try run(["convert", "planes.bin", name, "--quiet"] + stated).succeeded()
      try run(["verify", name, "--against", "planes.bin"] + stated).succeeded()
      try run(["verify", "planes.bin", "--against", name] + stated).succeeded()
      try run(["verify", name, "--against", "planes.bin", "--shape", "4x5x3"]).failed(
        naming: name, "planes.bin")
      let outcome = try run(["verify", name, "--against", "planes.bin", "--palette", "indices"] + stated)
      #expect(outcome.status == 64 && outcome.error.contains("--palette"), "\(outcome.error)")
    }
    // Two files of others, of which one has no axes.
    try run(["verify", "a", "--against", "a.npz"]).succeeded()
    try FileManager.default.removeItem(atPath: "\(folder.path)/a/store.json")
    try FileManager.default.removeItem(atPath: "\(folder.path)/a/labels.csv")
    try FileManager.default.moveItem(atPath: "\(folder.path)/a/00000", toPath: "\(folder.path)/pictures")
    try run(["verify", "pictures", "--against", "planes.bin"] + stated).succeeded()
    // Labels of one must not become those of both.
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }".padding(
      toLength: 117, withPad: " ", startingAt: 0)
    try folder.write(
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + [10, 1, 2, 3, 4, 5, 6], to: "y.npy"
    )
    try run(["verify", "a.npz", "--against", "planes.bin", "--labels", "y.npy"] + stated).failed(
      naming: "labels")
  }

  @Test func everyCommandTakesIt() throws {
    for arguments in [
      ["info", "planes.bin"], ["verify", "planes.bin"], ["show", "planes.bin", "--output", "a.png"],
      ["export", "planes.bin", "1", "a.npy"], ["split", "planes.bin", "--folds", "2", "--output", "folds"],
    ] {
      #expect(try run(arguments).status == 1)
      try run(arguments + stated).succeeded()
      for option in [
        ["--axis", "rows"], ["--classes-at", "1"], ["--images", "x"], ["--bit-order", "big"],
      ] {
        #expect(try run(arguments + stated + option).status == 64, "\(arguments) \(option)")
      }
    }
    let exported = try folder.contents("a.npy")
    #expect(exported[128..<131].elementsEqual([planes[60], planes[80], planes[100]]))
  }

  @Test func namesThatAreNotUTF8() throws {
    #if os(Linux)
    try FileManager.default.createDirectory(atPath: "\(folder.path)/set", withIntermediateDirectories: true)
    let png = [UInt8](try Data(contentsOf: URL(filePath: fixture("many") + "/0.png")))
    for byte in [0xE9, UInt8(ascii: "e")] {
      let path = Array("\(folder.path)/set/caf".utf8) + [byte]
      let made = unsafe mkdir(path.map { CChar(bitPattern: $0) } + [0], 0o755)
      #expect(made == 0)
      let file = (path + Array("/0.png".utf8)).map { CChar(bitPattern: $0) } + [0]
      let descriptor = unsafe open(file, O_WRONLY | O_CREAT, 0o644)
      let count = unsafe write(descriptor, png, png.count)
      #expect(count == png.count)
      close(descriptor)
    }
    let text = try run(["info", "set", "--json"]).succeeded()
    let info = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(info["bytesOnDisk"] as? Int == 2 * png.count)
    // By their bytes, not by what is shown for them.
    #expect(info["classNames"] as? [String] == ["cafe", "caf\\xe9"])
    #endif
  }

  @Test func labelsOfAFileThatIsNotThere() throws {
    for name in ["y.npy", "no/labels.csv"] {
      try run(["info", "planes.bin", "--labels", name] + stated).failed(
        naming: "no such file of labels", name)
    }
    try folder.write(Array("3\n1\n2\n3\n1\n2\n".utf8), to: "y.txt")
    let text = try run(["info", "planes.bin", "--json", "--labels", "y.txt"] + stated).succeeded()
    let info = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(info["labelCounts"] as? [String: Int] == ["1": 2, "2": 2, "3": 2])
  }

  /// STL-10 has its labels as bytes.
  @Test func labelsOfAByteEach() throws {
    try folder.write([4, 9, 4, 4, 9, 1], to: "y.bin")
    let text = try run(["info", "planes.bin", "--json", "--labels", "y.bin"] + stated).succeeded()
    let info = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(info["labelCounts"] as? [String: Int] == ["4": 3, "9": 2, "1": 1])
    try folder.write([4, 9, 4, 4, 9], to: "y.bin")
    try run(["info", "planes.bin", "--labels", "y.bin"] + stated).failed(
      naming: "y.bin", "not a file of labels")
  }

  @Test func compressedFiles() throws {
    for (bytes, word) in [([0x28, 0xB5, 0x2F, 0xFD, 1], "zstd"), (Array("BZh91".utf8), "bzip2")]
      as [([UInt8], String)]
    {
      try folder.write(bytes, to: "x.tar")
      try run(["info", "x.tar"]).failed(naming: "x.tar", word)
    }
  }
}
