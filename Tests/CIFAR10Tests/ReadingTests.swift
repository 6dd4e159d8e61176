import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import CIFAR10

@Suite struct ReadingTests {
  static let expected: (training: ModelImages, test: ModelImages) = {
    func batches(_ names: [String]) -> [NaiveBatch] {
      names.compactMap { name in (try? Fixtures.bytes("\(Fixtures.demo)/\(name)")).map { NaiveBatch($0) } }
    }
    return (ModelImages(batches((1...5).map { "data_batch_\($0)" })), ModelImages(batches(["test_batch"])))
  }()

  @Test(arguments: [1, 2, 5])
  func readsFolder(threads: Int) throws {
    let cifar = try CIFAR10(at: Fixtures.demo, threads: threads)
    for (store, expected) in [(cifar.training, Self.expected.training), (cifar.test, Self.expected.test)] {
      #expect(store.count == expected.count)
      #expect(store.format == ImageFormat(height: 32, width: 32, channels: 3))
      #expect(store.labels() == expected.labels)
      #expect(store.columnNames == ["filename"])
      #expect(try store.column("filename") == expected.columns["filename"])
      #expect(store.classNames?.count == 10)
      #expect(store.classNames?.first == "sun")
      let batch = try store.read(0..<store.count)
      #expect([UInt8](copying: batch.pixels) == expected.gather(Array(0..<expected.count)))
    }
    #expect(cifar.training.count == 300)
    #expect(cifar.test.count == 60)
    #expect(cifar.coarseClassNames == nil)
  }

  /// Enough images for several threads, in any order and repeated; every image is at its position whatever
  /// the number of threads.
  @Test(arguments: [1, 2, 3])
  func gathersInAnyOrder(threads: Int) throws {
    let store = try CIFAR10(at: Fixtures.demo, threads: threads).training
    var generator = SplitMix64(seed: 7)
    let indices = (0..<2000).map { _ in Int.random(in: 0..<300, using: &generator) }
    let batch = try store.read(indices)
    #expect([UInt8](copying: batch.pixels) == Self.expected.training.gather(indices))
    #expect(batch.labels.map(Int.init) == indices.map { Self.expected.training.labels![$0] })
  }

  @Test func readsRegions() throws {
    let store = try CIFAR10(at: Fixtures.demo).training
    var generator = SplitMix64(seed: 8)
    for _ in 0..<100 {
      let height = Int.random(in: 1...32, using: &generator)
      let width = Int.random(in: 1...32, using: &generator)
      let indices = (0..<7).map { _ in Int.random(in: 0..<300, using: &generator) }
      let regions = indices.map { _ in
        ImageRegion(
          row: Int.random(in: 0...32 - height, using: &generator),
          column: Int.random(in: 0...32 - width, using: &generator), height: height, width: width)
      }
      let one = try store.read(indices, regions: .same(regions[0]))
      #expect([UInt8](copying: one.pixels) == Self.expected.training.gather(indices, regions: [regions[0]]))
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 7 * height * width * 3, alignment: 1)
      defer { unsafe memory.deallocate() }
      var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
      try store.read(indices.span, regions: regions.span, into: &output)
      let written = unsafe output.finalize(for: memory)
      #expect(written == memory.count)
      #expect(unsafe [UInt8](memory) == Self.expected.training.gather(indices, regions: regions))
    }
  }

  @Test func lendsImages() throws {
    let store = try CIFAR10(at: Fixtures.demo).test
    var positions: [Int] = []
    try store.forEachImage([5, 59, 5].span) { (position, format, pixels) in
      positions.append(position)
      #expect(format == store.format)
      #expect([UInt8](copying: pixels) == Self.expected.test.pixels[[5, 59, 5][position]])
    }
    #expect(positions == [0, 1, 2])
    try store.verify()
  }

  /// Links to the folder they are in: every way down leads to where it began.
  @Test func foldersThatHoldThemselves() throws {
    let folder = try TemporaryFolder()
    let names = ["cifar-10-batches-py", "cifar-100-python", "cifar-10-batches-bin", "cifar-100-binary"]
    for name in names {
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/\(name)", withDestinationPath: ".")
    }
    #expect(!CIFAR10.recognizes(folder.path))
    let error = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(error?.code == .notFound)
  }

  @Test func aFolderInAFolder() throws {
    let folder = try TemporaryFolder()
    let batch = try Fixtures.bytes("\(Fixtures.demo)/test_batch")
    try folder.write("cifar-10-batches-py/cifar-10-batches-py/test_batch", batch)
    #expect(CIFAR10.recognizes(folder.path))
    #expect(try CIFAR10(at: folder.path).test.count == 60)
  }

  /// One long text that stands for the name of every image, or of every class.
  @Test func namesOutOfProportion() throws {
    let folder = try TemporaryFolder()
    let text = [UInt8(ascii: "a")] + [UInt8](repeating: UInt8(ascii: "b"), count: 5000)
    func unicode(_ bytes: [UInt8]) -> [UInt8] {
      [UInt8(ascii: "X")] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }
    // {"label_names": [text] * 20}
    let names: [UInt8] =
      [0x80, 2] + Array("}".utf8) + unicode(Array("label_names".utf8)) + Array("](".utf8) + unicode(text)
      + [UInt8(ascii: "q"), 0] + (0..<19).flatMap { _ in [UInt8(ascii: "h"), 0] } + Array("es.".utf8)
    try folder.write("test_batch", try Fixtures.bytes("\(Fixtures.demo)/test_batch"))
    let path = try folder.write("batches.meta", names)
    let error = #expect(throws: StoreError.self) { try CIFAR10(at: folder.path) }
    #expect(error?.code == .limitExceeded && error?.path == path)
  }

  @Test func refusesWhatIsNotThere() throws {
    let store = try CIFAR10(at: Fixtures.demo).training
    for index in [-1, 300, Int.max] {
      #expect(throws: StoreError.self) { try store.read([0, index]) }
      #expect(throws: StoreError.self) { try store.format(at: index) }
      #expect(throws: StoreError.self) { try store.forEachImage([index].span) { (_, _, _) in } }
    }
    #expect(throws: StoreError.self) { try store.column("coarse_label") }
    #expect(throws: StoreError.self) {
      try store.read([0], regions: .same(ImageRegion(row: 1, column: 0, height: 32, width: 32)))
    }
  }

  @Test func anEmptyPartHasNoImages() throws {
    let cifar = try CIFAR10(at: "\(Fixtures.demo)/test_batch")
    #expect(cifar.training.count == 0)
    #expect(cifar.training.format == nil)
    #expect(cifar.training.labels() == [])
    #expect(cifar.training.columnNames == [])
    #expect(cifar.test.count == 60)
    #expect(cifar.test.classNames?.last == "road")
    var batch = ImageBatch()
    try cifar.training.read([], into: &batch)
    #expect(batch.count == 0)
  }
}
