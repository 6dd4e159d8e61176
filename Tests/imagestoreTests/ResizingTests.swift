import Foundation
import Testing

@Suite struct ResizingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    (["--size", "16"], "16x16x3"), (["--size", "40", "--fit", "shorter"], "40x40x3"),
    (["--size", "16x24", "--fit", "crop"], "16x24x3"), (["--size", "16x24", "--fit", "pad"], "16x24x3"),
    (["--size", "8", "--fit", "stretch", "--filter", "bicubic"], "8x8x3"),
    (["--size", "9", "--filter", "nearest", "--channels", "1"], "9x9x1"), (["--channels", "1"], "32x32x1"),
  ])
  func imagesOfAnotherSize(_ options: [String], _ format: String) throws {
    let said = try Tool.run(["convert", demoSet, "small.npz", "--first", "6"] + options, in: folder)
      .succeeded()
    #expect(said.contains("6 images of \(format) uint8 written"), "\(said)")
    #expect(!said.contains("decided"))
    // The same again from the same images in another store.
    try folder.run("convert", demoSet, "all.lmdb", "--first", "6", "--quiet").succeeded()
    try Tool.run(["convert", "all.lmdb", "again", "--quiet"] + options, in: folder).succeeded()
    try folder.run("verify", "again", "--against", "small.npz").succeeded()
  }

  @Test func masksAreResizedByTheNearest() throws {
    try folder.run("convert", demoSet, "masks.bits", "--first", "3", "--threshold", "100", "--quiet")
      .succeeded()
    let said = try folder.run("convert", "masks.bits", "small.bits", "--size", "20", "--fit", "crop")
      .succeeded()
    #expect(said.contains("decided: masks are resized with --filter nearest"))
    #expect(said.contains("3 images of 20x20x1 bool"))
    let plain = try folder.run("convert", "masks.bits", "b.bits", "--size", "20", "--filter", "nearest")
      .succeeded()
    #expect(!plain.contains("decided"))
    try folder.run("verify", "small.bits", "--against", "b.bits").succeeded()
    try folder.run("convert", "masks.bits", "c.bits", "--size", "20", "--filter", "bilinear").failed(
      naming: "masks.bits", "bool", "nearest")
    #expect(!folder.names.contains("c.bits"))
  }

  /// Of a set of many formats, too.
  @Test(arguments: [["rgba"], ["rgb", "gray-alpha"], ["gray", "rgb"]])
  func alphaThatIsLeftOutIsSaid(_ pictures: [String]) throws {
    for name in pictures {
      let picture = try Data(contentsOf: URL(filePath: fixture("../png/pillow-\(name).png")))
      try folder.write([UInt8](picture), to: "icons/\(name).png")
    }
    let said = try folder.run("convert", "icons", "colors", "--channels", "3").succeeded()
    #expect(
      said.contains("decided: alpha is left out")
        == pictures.contains { $0.hasSuffix("a") || $0.hasSuffix("alpha") })
  }

  /// Images of different sizes are resized to one size, and shown together.
  @Test func imagesOfDifferentSizes() throws {
    for (name, size) in [("a", "20"), ("b", "31"), ("c", "64")] {
      try folder.run("convert", demoSet, "\(name).npz", "--first", "2", "--size", size, "--quiet").succeeded()
    }
    try folder.run("convert", "a.npz", "mixed", "--quiet").succeeded()
    for name in ["b.npz", "c.npz"] {
      try folder.run("convert", name, "mixed", "--append", "--quiet").succeeded()
    }
    let said = try folder.run("convert", "mixed", "one.h5", "--size", "24", "--fit", "pad").succeeded()
    #expect(said.contains("6 images of 24x24x3 uint8"))
    try folder.run("show", "mixed", "--output", "sheet.png").succeeded()
    #expect(try folder.contents("sheet.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test(arguments: [
    ["--fit", "crop"], ["--filter", "nearest"], ["--size", "0"], ["--size", "-3"], ["--size", "4x"],
    ["--size", "4x5x3"], ["--size", "4x5"], ["--size", "4x5", "--fit", "shorter"],
    ["--size", "4", "--fit", "other"], ["--size", "4", "--filter", "area"], ["--channels", "2"],
  ])
  func optionsThatMakeNoSense(_ options: [String]) throws {
    #expect(try Tool.run(["convert", demoSet, "x.npz"] + options, in: folder).status == 64)
    #expect(folder.names.isEmpty)
  }

  @Test func sizesBeyondWhatAnImageHas() throws {
    try folder.run("convert", demoSet, "x.npz", "--size", "3000000000").failed(naming: demoSet, "at most")
    #expect(folder.names.isEmpty)
  }
}
