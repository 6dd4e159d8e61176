import Foundation
import HDF5Store
import ImageStoreCore
import ImageStorePlatform
import ImageStoreTesting
import Testing

/// What the conformance suite does not know of: layouts, checksums, appending to files of others.
@Suite struct WriterTests {
  static let format = ImageFormat(height: 5, width: 4, channels: 3)

  /// Image `i` is bytes `i, i + 1, ...`, so that images differ.
  static func image(_ index: Int) -> [UInt8] { (0..<60).map { UInt8(truncatingIfNeeded: index + $0) } }

  static func append(_ range: Range<Int>, _ writer: inout HDF5Store.Writer) throws {
    for index in range {
      let bytes = image(index)
      try unsafe writer.append(bytes.span.bytes, format: format, label: index)
    }
  }

  static func write(_ count: Int, to path: String, _ compression: Compression = .none) throws {
    var writer = try HDF5Store.Writer(to: path, compression: compression)
    try append(0..<count, &writer)
    try writer.finish()
  }

  private func expect(_ path: String, holds count: Int) throws {
    let store = try HDF5Store(at: path)
    #expect(store.count == count)
    #expect(try store.bytes() == (0..<count).flatMap(Self.image))
    #expect(try store.labels() == Array(0..<count))
    try store.verify()
  }

  @Test func contiguousImagesBeginAtAPage() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try Self.write(700, to: path)
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
    #expect(bytes[4096..<4096 + 42_000].elementsEqual((0..<700).flatMap(Self.image)))
    try expect(path, holds: 700)
  }

  /// From one image to more than a page of them, where the pixels are at other places.
  @Test(arguments: [0, 1, 2, 33, 34, 35, 67, 68, 69, 70, 137])
  func everySize(_ count: Int) throws {
    let folder = try TemporaryFolder()
    for compression in Compression.allCases {
      let path = "\(folder.path)/\(compression).h5"
      try Self.write(count, to: path, compression)
      let store = try HDF5Store(at: path)
      #expect(store.count == count)
      #expect(try store.bytes() == (0..<count).flatMap(Self.image))
    }
  }

  @Test func theSameImagesGiveTheSameBytes() throws {
    let folder = try TemporaryFolder()
    for compression in Compression.allCases {
      let contents = try [1, 2, 3].map { threads in
        let path = "\(folder.path)/\(compression)-\(threads).h5"
        var writer = try HDF5Store.Writer(to: path, compression: compression, threads: threads)
        try Self.append(0..<500, &writer)
        try writer.finish()
        return try Data(contentsOf: URL(filePath: path))
      }
      #expect(contents[0] == contents[1] && contents[0] == contents[2])
    }
  }

  @Test func verifyNamesTheDamagedImage() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try Self.write(700, to: path)
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[4096 + 321 * 60 + 59] ^= 1
    try bytes.write(to: URL(filePath: path))
    let store = try HDF5Store(at: path)
    let error = try #require(throws: StoreError.self) { try store.verify() }
    #expect(error.code == .corrupt && error.image == 321)
    // Appending must not bless the damage.
    let refusal = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(refusal.code == .corrupt && refusal.image == 321)
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
  }

  @Test(arguments: Compression.allCases)
  func appendingKeepsTheCompression(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try Self.write(1000, to: path, compression)
    let before = try Data(contentsOf: URL(filePath: path)).count
    for start in [1000, 1001, 1300] {
      var writer = try HDF5Store.Writer(to: path, mode: .append)
      try Self.append(start..<(start == 1000 ? 1001 : start == 1001 ? 1300 : 1400), &writer)
      try writer.finish()
    }
    try expect(path, holds: 1400)
    let after = try Data(contentsOf: URL(filePath: path)).count
    #expect(Double(after) < 1.5 * Double(before))
  }

  @Test func appendingToAFileOfOthers() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    for name in ["u8be.h5", "uint8.h5", "float32.h5"] {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: Fixtures.path(name), toPath: path)
      let old = try HDF5Store(at: path)
      let format = try #require(old.format)
      let expected = try old.bytes()
      var writer = try HDF5Store.Writer(to: path, mode: .append)
      let more = [UInt8](repeating: 1, count: format.byteCount)
      try unsafe writer.append(more.span.bytes, format: format, label: 6)
      try writer.finish()
      let store = try HDF5Store(at: path)
      #expect(try store.bytes() == expected + more)
      #expect(try store.labels() == Fixtures.labels(10) + [6])
      try store.verify()
    }
  }

  @Test(arguments: [
    "single.h5", "named.h5", "soft.h5", "splits.h5", "auto-chunked.h5", "int32-big.h5",
  ])
  func appendingRefusesWhatWouldLoseSomething(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try FileManager.default.copyItem(atPath: Fixtures.path(name), toPath: path)
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.h5"])
  }

  @Test func aWriterThatIsKilledLeavesTheFileAsItWas() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try Self.write(300, to: path)
    let before = try Data(contentsOf: URL(filePath: path))
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      var writer = try HDF5Store.Writer(to: path, mode: .append)
      try WriterTests.append(300..<400, &writer)
      kill(getpid(), SIGKILL)
      try writer.finish()
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    var writer = try HDF5Store.Writer(to: path, mode: .append)
    try Self.append(300..<301, &writer)
    try writer.finish()
    try expect(path, holds: 301)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.h5"])
  }

  @Test func whatCannotBeHeldIsRefused() throws {
    let folder = try TemporaryFolder()
    let bool = ImageFormat(height: 1, width: 2, elementType: .bool)
    let two: [UInt8] = [0, 2]
    let notBool = try #require(throws: StoreError.self) {
      var writer = try HDF5Store.Writer(to: "\(folder.path)/a.h5")
      try unsafe writer.append(two.span.bytes, format: bool)
    }
    #expect(notBool.code == .invalidArgument)
    let zero = try #require(throws: StoreError.self) {
      var writer = try HDF5Store.Writer(to: "\(folder.path)/b.h5")
      try unsafe writer.append(
        Self.image(0).span.bytes, layout: BatchLayout(Self.format, count: 1),
        labels: ImageLabels(columns: ["name": .string(["a\0b"])]))
    }
    #expect(zero.code == .unsupported)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func manyClassNames() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let names = (0..<21_841).map { "class \($0)" }
    var writer = try HDF5Store.Writer(to: path, classNames: names)
    try Self.append(0..<3, &writer)
    try writer.finish()
    let store = try HDF5Store(at: path)
    #expect(store.classNames == names)
    try store.verify()
  }

  @Test func stringsOfVeryDifferentLengths() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let strings = (0..<3000).map { $0 == 1234 ? String(repeating: "\u{E9}", count: 5000) : "s\($0 % 7)" }
    let pixels = (0..<3000).flatMap(Self.image)
    var writer = try HDF5Store.Writer(to: path)
    try unsafe writer.append(
      pixels.span.bytes, layout: BatchLayout(Self.format, count: 3000),
      labels: ImageLabels(columns: ["text": .string(strings)]))
    try writer.finish()
    let store = try HDF5Store(at: path)
    #expect(try store.column("text") == .string(strings))
    try store.verify()
    let size = try Data(contentsOf: URL(filePath: path)).count
    #expect(size < 600_000)
  }
}
