import ImageStoreCore
import Testing

@testable import CIFAR10

@Suite struct BatchTests {
  /// The batch of two images that `make_pickle_fixtures.py` spells in many ways.
  @Test(arguments: [
    "numpy1-protocol0", "numpy2-protocol0", "numpy1-protocol1", "numpy2-protocol2", "numpy1-protocol3",
    "numpy2-protocol4", "numpy1-protocol5", "numpy2-protocol5", "fortran-protocol2", "fortran-protocol4",
    "fortran-protocol5", "strided-protocol5", "cube-protocol5", "bytes-keys", "mixed-keys", "labels-i8",
    "labels-i4-big-endian", "labels-scalars", "labels-tuple", "unframed-protocol4",
  ])
  func readsBatchesSavedAgain(_ name: String) throws {
    let cifar = try CIFAR10(at: Fixtures.pickle("good-\(name).pkl"))
    #expect(cifar.training.labels() == [3, 9])
    #expect(try cifar.training.column("filename") == .string(["first_s_000001.png", "second_s_000002.png"]))
    #expect(cifar.test.count == 0)
    for image in 0..<2 {
      let planes = (0..<3072).map { UInt8((image * 101 + $0 * 7) % 256) }
      #expect(try cifar.training.pixels(at: image) == interleaved(planes))
    }
  }

  @Test func readsCIFAR100() throws {
    let folder = try TemporaryFolder()
    try folder.write("train", Fixtures.bytes(Fixtures.pickle("good-cifar100-train.pkl")))
    try folder.write("meta", Fixtures.bytes(Fixtures.pickle("good-cifar100-meta.pkl")))
    let cifar = try CIFAR10(at: folder.path)
    #expect(cifar.training.labels() == [98, 19])
    #expect(cifar.training.columnNames == ["coarse_label", "filename"])
    #expect(try cifar.training.column("coarse_label") == .int64([11, 0]))
    #expect(cifar.training.classNames?[98] == "fine 98")
    #expect(cifar.coarseClassNames?[11] == "coarse 11")
    #expect(cifar.test.count == 0)
  }

  @Test func readsBinaryVersion() throws {
    let folder = try TemporaryFolder()
    let planes = (0..<3).map { image in (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ image) } }
    try folder.write("sub/cifar-10-batches-bin/data_batch_2.bin", [9] + planes[1])
    try folder.write("sub/cifar-10-batches-bin/data_batch_1.bin", [4] + planes[0])
    try folder.write("sub/cifar-10-batches-bin/test_batch.bin", [0] + planes[2])
    let names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"
    try folder.write("sub/cifar-10-batches-bin/batches.meta.txt", Array(names.utf8))
    let cifar = try CIFAR10(at: folder.path + "/sub")
    #expect(cifar.training.labels() == [4, 9])
    #expect(cifar.test.labels() == [0])
    #expect(cifar.training.classNames == names.split(separator: "\n").map(String.init))
    #expect(cifar.training.columnNames == [])
    #expect(try cifar.training.pixels(at: 1) == interleaved(planes[1]))
    #expect(try cifar.test.pixels(at: 0) == interleaved(planes[2]))
    let single = try CIFAR10(at: folder.path + "/sub/cifar-10-batches-bin/data_batch_2.bin")
    #expect(single.training.labels() == [9])
    #expect(single.training.classNames?[9] == "j")
  }

  @Test func readsBinaryVersionOfCIFAR100() throws {
    let folder = try TemporaryFolder()
    let planes = (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    try folder.write("train.bin", [19, 99] + planes + [0, 7] + planes.reversed())
    try folder.write("test.bin", [3, 4] + planes)
    try folder.write("coarse_label_names.txt", Array((0..<20).map { "coarse \($0)\n" }.joined().utf8))
    let cifar = try CIFAR10(at: folder.path)
    #expect(cifar.training.labels() == [99, 7])
    #expect(try cifar.training.column("coarse_label") == .int64([19, 0]))
    #expect(try cifar.training.pixels(at: 1) == interleaved(planes.reversed()))
    #expect(cifar.test.labels() == [4])
    #expect(cifar.training.classNames == nil)
    #expect(cifar.coarseClassNames?.count == 20)
    let renamed = try folder.write("other.bin", [19, 99] + planes)
    #expect(try CIFAR10(at: renamed).training.labels() == [99])
  }

  @Test func refusesWhatContradictsItself() throws {
    let folder = try TemporaryFolder()
    let planes = [UInt8](repeating: 0, count: 3072)
    func refused(_ name: String, _ bytes: [UInt8]) throws -> StoreError? {
      let path = try folder.write(name, bytes)
      return #expect(throws: StoreError.self) { try CIFAR10(at: path) }
    }
    #expect(try refused("data_batch_1.bin", [10] + planes)?.code == .corrupt)
    #expect(try refused("data_batch_2.bin", [1] + planes + [2])?.code == .corrupt)
    #expect(try refused("train.bin", [20, 0] + planes)?.code == .unrecognized)
    #expect(try refused("test.bin", [0, 100] + planes)?.code == .corrupt)
    #expect(try refused("data_batch_3.bin", [])?.code == .unrecognized)
    #expect(try refused("photo.png", [0x89, 0x50, 0x4E, 0x47])?.code == .unrecognized)
    let attack = try refused("data_batch_4", Fixtures.bytes(Fixtures.pickle("bad-os-system.pkl")))
    #expect(attack?.code == .unsupported)
    #expect(attack?.path?.hasSuffix("data_batch_4") == true)
    let meta = try refused("batch", Fixtures.bytes("\(Fixtures.demo)/batches.meta"))
    #expect(meta?.message == "this pickle is not a batch of images: it has no 'data'")
  }

  @Test func refusesFoldersWithoutOneSet() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path + "/none") }
    #expect(missing?.code == .notFound)
    #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    let batch = try Fixtures.bytes("\(Fixtures.demo)/test_batch")
    try folder.write("test_batch", batch)
    try folder.write("test_batch.bin", [1] + [UInt8](repeating: 0, count: 3072))
    let several = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(several?.code == .unsupported)
  }

  /// A label that no class has a name for, and names that cannot be read.
  @Test func refusesNamesThatDoNotFit() throws {
    let folder = try TemporaryFolder()
    try folder.write("data_batch_1", Fixtures.bytes("\(Fixtures.demo)/data_batch_1"))
    let names = Array("}(U\u{B}label_names](U\u{3}oneU\u{3}twoeu.".utf8)
    try folder.write("batches.meta", names)
    let short = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(short?.code == .corrupt)
    #expect(short?.message.hasSuffix("there are 2 classes") == true)
    let meta = try Fixtures.bytes("\(Fixtures.demo)/batches.meta")
    try folder.write("batches.meta", [0xFF, 0xFE] + meta.flatMap { [$0, 0] })
    let recoded = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(recoded?.code == .unrecognized)
    #expect(recoded?.path?.hasSuffix("batches.meta") == true)
  }

  @Test func recognizesSets() throws {
    let folder = try TemporaryFolder()
    #expect(CIFAR10.recognizes(Fixtures.demo))
    #expect(CIFAR10.recognizes("\(Fixtures.demo)/data_batch_3"))
    #expect(!CIFAR10.recognizes("\(Fixtures.demo)/.."))
    #expect(!CIFAR10.recognizes(folder.path + "/none"))
    try folder.write("train/0.png", [0x89, 0x50, 0x4E, 0x47])
    try folder.write("test/0.png", [0x89, 0x50, 0x4E, 0x47])
    #expect(!CIFAR10.recognizes(folder.path))
  }
}
