import Foundation
import ImageStoreCore
import ImageStoreDeflate
import ImageStoreTesting
import Testing

@testable import CIFAR10

@Suite struct ArchiveTests {
  /// The set of the demo, its members in an order of their own, with what other archivers add.
  static func archive() throws -> TarWriter {
    var tar = TarWriter()
    tar.add("././@PaxHeader", Array("19 path=whatever/x\n".utf8), type: "x")
    tar.add("cifar-10-batches-py/", [], type: "5")
    for name in [
      "data_batch_4", "test_batch", "data_batch_1", "data_batch_5", "readme.html", "data_batch_2",
      "batches.meta", "data_batch_3",
    ] {
      let contents =
        name == "readme.html" ? Array("<p>".utf8) : try Fixtures.bytes("\(Fixtures.demo)/\(name)")
      tar.add("cifar-10-batches-py/\(name)", contents)
    }
    tar.add("cifar-10-batches-py/link", [], type: "2")
    return tar
  }

  private func expectDemo(_ path: String) throws {
    let cifar = try CIFAR10(at: path)
    let expected = ReadingTests.expected
    #expect(cifar.training.labels() == expected.training.labels)
    #expect(try cifar.training.column("filename") == expected.training.columns["filename"])
    #expect(cifar.test.classNames?.first == "sun")
    let training = try cifar.training.read(0..<300)
    #expect([UInt8](copying: training.pixels) == expected.training.gather(Array(0..<300)))
    let test = try cifar.test.read(0..<60)
    #expect([UInt8](copying: test.pixels) == expected.test.gather(Array(0..<60)))
  }

  @Test func readsArchive() throws {
    let folder = try TemporaryFolder()
    let tar = try Self.archive()
    try expectDemo(folder.write("any.tar.gz", tar.gzipped()))
    try expectDemo(folder.write("any.tar", tar.finished))
    // Some archivers leave out the blocks of zeros at the end.
    try expectDemo(folder.write("endless.tar", tar.bytes))
    #expect(CIFAR10.recognizes(folder.path + "/any.tar.gz"))
    #expect(CIFAR10.recognizes(folder.path + "/any.tar"))
  }

  @Test func writesNothing() throws {
    let folder = try TemporaryFolder()
    var tar = TarWriter()
    tar.add("../../escaped/test_batch", try Fixtures.bytes("\(Fixtures.demo)/test_batch"))
    let path = try folder.write("in/here/a.tar.gz", tar.gzipped())
    #expect(try CIFAR10(at: path).test.count == 60)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/in/here") == ["a.tar.gz"])
  }

  @Test func refusesBrokenArchives() throws {
    let folder = try TemporaryFolder()
    func refused(_ bytes: [UInt8]) throws -> StoreError.Code? {
      let path = try folder.write("broken", bytes)
      let error = #expect(throws: StoreError.self) { try CIFAR10(at: path) }
      #expect(error?.path == path)
      return error?.code
    }
    let batch = try Fixtures.bytes("\(Fixtures.demo)/test_batch")
    var tar = TarWriter()
    tar.add("test_batch", batch)
    let whole = try tar.gzipped()
    for end in [11, 100, whole.count / 2, whole.count - 9, whole.count - 1] {
      #expect(try refused(Array(whole[..<end])) == .corrupt, "cut at \(end)")
    }
    for end in [513, 1024, batch.count] {
      #expect(try refused(Array(tar.bytes[..<end])) == .corrupt, "cut at \(end)")
    }
    var flipped = whole
    flipped[whole.count - 6] ^= 1
    #expect(try refused(flipped) == .corrupt)

    var second = tar
    second.add("other/test_batch", batch)
    #expect(try refused(second.finished) == .corrupt)
    var header = second
    header.bytes[tar.bytes.count + 20] ^= 1
    #expect(try refused(header.finished) == .corrupt)
    var lying = TarWriter()
    lying.add("test_batch", batch, announced: 0o7777777777)
    #expect(try refused(lying.finished) == .corrupt)
    var large = TarWriter()
    large.add("test_batch", batch, announced: 0o77777777777)
    #expect(try refused(large.finished) == .limitExceeded)
    var other = TarWriter()
    other.add("readme", [1, 2, 3])
    #expect(try refused(other.gzipped()) == .notFound)
    var mixed = tar
    mixed.add("test.bin", [1, 2] + [UInt8](repeating: 0, count: 3072))
    #expect(try refused(mixed.finished) == .unsupported)
  }

  /// A file of a few hundred kilobytes that stands for hundreds of megabytes.
  @Test func refusesBombs() throws {
    let folder = try TemporaryFolder()
    func refused(_ bytes: [UInt8]) throws -> StoreError.Code? {
      let path = try folder.write("bomb.tar.gz", bytes)
      let error = #expect(throws: StoreError.self) { try CIFAR10(at: path) }
      #expect(error?.path == path)
      return error?.code
    }
    var announced = TarWriter()
    announced.add("test_batch", [], announced: 0o3000000000)
    #expect(try refused(announced.gzipped()) == .limitExceeded)
    // An archive without an end in itself, or behind its end.
    var deflater = try Deflater(.gzip, level: 9)
    unsafe try deflater.deflate([UInt8](repeating: 0, count: 1 << 20).span.bytes)
    let zeros = [UInt8](copying: deflater.bytes)
    #expect(try refused((0..<300).flatMap { _ in zeros }) == .limitExceeded)
  }

  @Test func readsNumbersOfHeaders() throws {
    func header(_ size: [UInt8]) throws -> TarHeader {
      var tar = TarWriter()
      tar.add("a/b", [])
      var block = Array(tar.bytes[..<512])
      for (index, byte) in size.enumerated() { block[124 + index] = byte }
      for index in 148..<156 { block[index] = 0x20 }
      let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
      for (index, byte) in sum.utf8.enumerated() { block[148 + index] = byte }
      return try #require(try TarHeader(block))
    }
    #expect(try header(Array("       0017 ".utf8)).byteCount == 15)
    #expect(try header([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]).byteCount == 258)
    #expect(throws: StoreError.self) { try header([UInt8](repeating: 0xFF, count: 12)) }
    #expect(throws: StoreError.self) { try header([0x80] + [UInt8](repeating: 0xFF, count: 11)) }
    #expect(throws: StoreError.self) { try header(Array("00000000-17 ".utf8)) }
    #expect(try header(Array("00000000017 ".utf8)).name == "b")
  }
}
