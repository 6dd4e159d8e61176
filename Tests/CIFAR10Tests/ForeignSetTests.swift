import Foundation
import ImageStoreCore
import ImageStoreCorpora
import ImageStoreTesting
import Testing

@testable import CIFAR10

/// Genuine files, and those others saved again.
@Suite(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
struct ForeignSetTests {
  private func path(_ name: String) -> String { "\(Corpora.folder!)/\(name)" }

  @Test func genuineHeadIsCutShort() throws {
    let path = path("cifar10-genuine/data_batch_1.first-524288-bytes")
    let error = #expect(throws: StoreError.self) { try CIFAR10(at: path) }
    #expect(error?.code == .corrupt)
    #expect(
      error?.message == "opcode BINSTRING at offset 20213 announces 30720000 bytes, but 504070 are left")
  }

  /// The genuine head with its 164 whole images, brought to an end by hand.
  @Test func genuineImagesAreRead() throws {
    let folder = try TemporaryFolder()
    let head = try Fixtures.bytes(path("cifar10-genuine/data_batch_1.first-524288-bytes"))
    let rest = [UInt8](repeating: 0, count: 20218 + 30_720_000 - head.count)
    try folder.write("data_batch_1", head + rest + Array("tbu.".utf8))
    try folder.write("batches.meta", Fixtures.bytes(path("cifar10-genuine/batches.meta")))
    let store = try CIFAR10(at: folder.path).training
    #expect(store.count == 10_000)
    #expect(Array(store.labels()!.prefix(10)) == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3])
    #expect(store.classNames?[6] == "frog")
    let pixels = try store.pixels(at: 0)
    #expect((0..<8).map { pixels[3 * $0] } == [59, 43, 50, 68, 98, 119, 139, 145])
    for image in [0, 1, 77, 163] {
      let start = 20218 + image * 3072
      #expect(try store.pixels(at: image) == interleaved(Array(head[start..<start + 3072])))
    }
  }

  private static let wholeSet = Corpora.file("cifar-10-real-6x500.tar.gz")

  /// 500 images of each batch, in an archive as the whole set comes in.
  @Test(.enabled(if: wholeSet != nil, "the archive is not among the files of other projects"))
  func wholeSetIsRead() throws {
    let archive = try #require(Self.wholeSet)
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "xzf", archive, "-C", folder.path]
    try process.run()
    process.waitUntilExit()
    let batches = folder.path + "/cifar-10-batches-py"
    let training = ModelImages(
      try (1...5).map { NaiveBatch(try Fixtures.bytes("\(batches)/data_batch_\($0)")) })
    let test = ModelImages([NaiveBatch(try Fixtures.bytes("\(batches)/test_batch"))])
    for source in [archive, folder.path, batches] {
      let cifar = try CIFAR10(at: source)
      #expect(cifar.training.count == 2500)
      #expect(cifar.training.labels() == training.labels)
      #expect(try cifar.training.column("filename") == training.columns["filename"])
      #expect(cifar.training.classNames?[0] == "airplane")
      let read = try cifar.training.read(0..<2500)
      #expect([UInt8](copying: read.pixels) == training.gather(Array(0..<2500)))
      #expect(cifar.test.labels() == test.labels)
      let readTest = try cifar.test.read(0..<500)
      #expect([UInt8](copying: readTest.pixels) == test.gather(Array(0..<500)))
    }
  }

  /// Sets saved again by Python 3, whose pixels are after the one SHORT_BINBYTES or BINBYTES of that size.
  @Test func setsOfPython3AreRead() throws {
    let ten = try CIFAR10(at: path("cifar-mini-proto3/testCifar10Data"))
    #expect(ten.training.count == 16)
    #expect(ten.test.count == 4)
    let hundred = try CIFAR10(at: path("cifar-mini-proto3/testCifar100Data"))
    #expect(hundred.training.count == 16)
    #expect(hundred.test.count == 4)
    #expect(try hundred.training.column("coarse_label").count == 16)
    #expect(hundred.training.classNames == nil)
    let bytes = try Fixtures.bytes(path("cifar-mini-proto3/testCifar10Data/data_batch_0"))
    let marker: [UInt8] = [UInt8(ascii: "B"), 0, 0xC0, 0, 0]
    var start = 0
    while Array(bytes[start..<start + 5]) != marker { start += 1 }
    for image in [0, 15] {
      let planes = Array(bytes[start + 5 + image * 3072..<start + 5 + (image + 1) * 3072])
      #expect(try ten.training.pixels(at: image) == interleaved(planes))
    }
  }

  @Test(arguments: ["batches.meta", "flamoedo/batches.meta"])
  func brokenNamesAreRefused(_ file: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("test_batch", Fixtures.bytes("\(Fixtures.demo)/test_batch"))
    try folder.write("batches.meta", Fixtures.bytes(path("cifar10-meta-corrupt/\(file)")))
    let error = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(error?.path == folder.path + "/batches.meta")
  }
}
