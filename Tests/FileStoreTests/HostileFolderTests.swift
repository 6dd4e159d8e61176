import FileStore
import Foundation
import ImageStoreCore
import Testing

/// Folders that lie: one error each, naming the place, and no trap.
@Suite struct HostileFolderTests {
  private let folder: TemporaryFolder
  private let png: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    png = try FileStoreTests.contents("\(fixture("many"))/0.png")
  }

  /// The error of opening the folder or reading its first image.
  private func failure(sourceLocation: SourceLocation = #_sourceLocation) -> StoreError? {
    #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
      let store = try FileStore(at: folder.path)
      _ = try store.pixels(at: 0)
    }
  }

  @Test(arguments: [
    ("file,label\n../../etc/passwd,1\n", "line 2"), ("file,label\n/etc/passwd,1\n", "line 2"),
    ("file,label\na/../../b.png,1\n", "line 2"), ("file,label\n,1\n", "line 2"),
    ("file,label\na.png,1\n\nb.png,\n", "line 4"), ("file,label\na.png,1\na.png,2\n", "line 3"),
    ("file,label\na.png,1,2\n", "line 2"), ("file,label\na.png\n", "line 2"),
    ("file,label\n\"a.png,1\n", "line 2"), ("file,label\na\"b.png,1\n", "line 2"),
    ("file,label\n\"a\"b.png,1\n", "line 2"), ("file,label\na\0.png,1\n", "line 2"),
    ("file,label,x,x\na.png,1,2,3\n", "line 1"),
  ])
  func tables(_ text: String, _ line: String) throws {
    try folder.write(png, to: "a.png")
    try folder.write(text, to: "labels.csv")
    let error = try #require(failure())
    #expect(error.key == line && error.path == "\(folder.path)/labels.csv", "\(error)")
  }

  @Test func aMissingFile() throws {
    try folder.write("file,label\nnot-there.png,1\n", to: "labels.csv")
    let error = try #require(failure())
    #expect(
      error.code == .notFound && error.path == "\(folder.path)/labels.csv"
        && error.message.contains("not-there.png"))
  }

  @Test func anEmptyTable() throws {
    try folder.write("", to: "labels.csv")
    #expect(failure()?.code == .corrupt)
  }

  @Test(arguments: ["link.png", "linked/0.png"])
  func linksOut(_ name: String) throws {
    let outside = try TemporaryFolder()
    try outside.write(png, to: "0.png")
    try folder.write("file,label\n\(name),1\n", to: "labels.csv")
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: "\(folder.path)/link.png", withDestinationPath: "\(outside.path)/0.png")
    try manager.createSymbolicLink(atPath: "\(folder.path)/linked", withDestinationPath: outside.path)
    let error = try #require(failure())
    #expect(error.code == .invalidArgument && error.message.contains("symbolic link"), "\(error)")
  }

  @Test func aPipe() throws {
    try folder.write("file,label\npipe.png,1\n", to: "labels.csv")
    let result = unsafe mkfifo("\(folder.path)/pipe.png", 0o644)
    try #require(result == 0)
    #expect(failure()?.image == 0)
  }

  @Test func aHugeHeader() throws {
    // Width and height of 100,000 in a file of 150 bytes.
    var bytes = png
    bytes.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
    try folder.write(bytes, to: "0.png")
    #expect(failure()?.image == 0)
  }

  @Test func aFileCutShort() throws {
    for count in [0, 7, 20, 40, png.count - 1] {
      try folder.write(Array(png[..<count]), to: "0.png")
      #expect(failure()?.image == 0)
    }
  }

  @Test func labelsThatDoNotMatch() throws {
    for index in 0..<3 { try folder.write(png, to: "\(index).png") }
    try folder.write("1\r\n2\r\n", to: "3.csv")
    #expect(failure()?.path == "\(folder.path)/3.csv")
    try folder.write("1\r\ntwo\r\n3\r\n", to: "3.csv")
    #expect(failure()?.key == "line 2")
    try FileManager.default.removeItem(atPath: "\(folder.path)/3.csv")
    try folder.write("1\n", to: "2.csv")
    #expect(failure()?.code == .corrupt)
  }

  @Test func anotherFormatThanAnnounced() throws {
    let path = "\(folder.path)/store"
    var writer = try FileStore.Writer(to: path, layout: .flat)
    for value in [UInt8(1), 2] {
      let pixels = [UInt8](repeating: value, count: 12)
      try unsafe writer.append(
        pixels.span.bytes, format: ImageFormat(height: 2, width: 2, channels: 3), label: 0)
    }
    try writer.finish()
    try FileManager.default.removeItem(atPath: "\(path)/1.png")
    try FileManager.default.copyItem(atPath: "\(fixture("many"))/1.png", toPath: "\(path)/1.png")
    let store = try FileStore(at: path)
    #expect(try store.pixels(at: 0).first == 1)
    let error = #expect(throws: StoreError.self) { try store.pixels(at: 1) }
    #expect(error?.code == .corrupt && error?.image == 1)
    #expect(throws: StoreError.self) { try store.verify() }
  }

  /// Some images are compared with their checksums by themselves.
  @Test func damageIsFoundInTheImagesAskedFor() throws {
    for index in 0..<3 { try folder.write(png, to: "\(index).png") }
    var damaged = png
    damaged[png.count - 20] ^= 1
    try folder.write(damaged, to: "1.png")
    let store = try FileStore(at: folder.path)
    try store.verify([2, 0, 2].span)
    let error = #expect(throws: StoreError.self) { try store.verify([2, 1, 0].span) }
    #expect(error?.code == .corrupt && error?.image == 1 && error?.path == "\(folder.path)/1.png")
  }

  @Test func noStoreAtAll() throws {
    #expect(failure()?.code == .unrecognized)
    let nothing = #expect(throws: StoreError.self) { try FileStore(at: "\(folder.path)/none") }
    #expect(nothing?.code == .notFound)
    let file = try folder.write("x", to: "x")
    let notAFolder = #expect(throws: StoreError.self) { try FileStore(at: file) }
    #expect(notAFolder?.code == .unrecognized)
  }
}
