import Foundation
import Testing

/// What the program does with images that are kept as they are encoded, and says of it.
@Suite struct EncodedTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.run("convert", demoSet, "pngs", "--first", "6", "--quiet").succeeded()
  }

  @Test(arguments: ["a.lmdb", "a.h5", "a.npz", "a"])
  func whatBecameOfImagesIsSaid(_ name: String) throws {
    let kept = try folder.run("convert", "pngs", name, "--layout", "encoded").succeeded()
    #expect(kept.hasPrefix("\(name): 6 images as they are (6 PNG) written"), "\(kept)")
    // No layout is needed when a store is appended to.
    let more = try folder.run("convert", "pngs", name, "--append").succeeded()
    #expect(more.hasPrefix("\(name): 6 images as they are (6 PNG) appended"), "\(more)")
    let smaller = try folder.run("convert", "pngs", name, "--append", "--size", "8").succeeded()
    #expect(smaller.hasPrefix("\(name): 6 images of 8x8x3 uint8, encoded as PNG, appended"), "\(smaller)")
    #expect(try folder.run("info", name).succeeded().contains("encoded   18 PNG"))
    try folder.run("verify", name).succeeded()
    // Images written as pixels are not reported as encoded.
    let pixels = try folder.run("convert", "pngs", "pixels.npz").succeeded()
    #expect(pixels.hasPrefix("pixels.npz: 6 images of 32x32x3 uint8 written"), "\(pixels)")
  }

  @Test func optionsWithoutEffectAreRefused() throws {
    try folder.run("convert", "pngs", "a.npz", "--layout", "encoded", "--quiet").succeeded()
    try folder.run("convert", "pngs", "a.npz", "--append", "--layout", "pixels")
      .failed(naming: "a.npz", "--layout", "encoded")
    for name in ["b", "b.lmdb"] {
      try folder.run("convert", "pngs", name, "--layout", "encoded", "--compression", "small")
        .failed(naming: "pngs", "--compression")
      try folder.run("convert", "pngs", name, "--layout", "encoded", "--quality", "80")
        .failed(naming: "pngs", "--quality")
      try folder.run("convert", "pngs", name, "--layout", "encoded", "--size", "8", "--no-check")
        .failed(naming: "pngs", "--no-check")
      #expect(try folder.run("convert", "pngs", name, "--quality", "80").status == 64)
    }
    #expect(folder.names == ["a.npz", "pngs"])
  }

  #if JPEG
  @Test func resizedImagesAreEncodedAgain() throws {
    for name in ["a.lmdb", "a.h5", "a.npz", "a"] {
      let said = try folder.run(
        "convert", "pngs", name, "--layout", "encoded", "--size", "8", "--quality", "90"
      ).succeeded()
      #expect(
        said.hasPrefix("\(name): 6 images of 8x8x3 uint8, encoded as JPEG of quality 90, written"), "\(said)")
      #expect(try folder.run("info", name).succeeded().contains("encoded   6 JPEG"))
      try folder.run("export", name, "2", "\(name).jpg").succeeded()
      #expect(try folder.contents("\(name).jpg").starts(with: [0xFF, 0xD8, 0xFF]))
      #expect(try folder.run("convert", "pngs", name, "--append", "--quality", "0").status == 64)
    }
  }
  #endif
}
