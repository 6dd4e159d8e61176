import Foundation
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreTesting
import LMDBStore
import Testing

@Suite struct DamageTests {
  /// liblmdb makes databases with pages as large as the machine's.
  static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  /// A store with branches, leaves and values on pages of their own, and the bytes of its data file.
  private func sample(_ folder: TemporaryFolder, _ layout: LMDBStore.Layout) throws -> [UInt8] {
    var images = SyntheticImages(seed: 7)
    // As many single images as need two leaves.
    let single = 200 * Self.pageSize / 4096
    var model =
      layout == .perImage
      ? images.mixed(ImageFormat(height: 8, width: 8), count: single)
      : images.uniform(ImageFormat(height: 8, width: 8), count: 60)
    model.columns = ["name": .string((0..<model.count).map { "image \($0)" })]
    model.classNames = ["cat", "dog"]
    let path = "\(folder.path)/sample-\(layout.rawValue)"
    _ = try LMDBStore.write(model, to: path, layout: layout)
    return try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
  }

  /// Opens a data file, reads all there is, and says what error was thrown.
  private func readAll(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> StoreError? {
    let path = "\(folder.path)/damaged.mdb"
    try Data(bytes).write(to: URL(filePath: path))
    do throws(StoreError) {
      let store = try LMDBStore(at: path)
      _ = try store.labels()
      for name in store.columnNames { _ = try store.column(name) }
      try store.forEachImage(0..<min(store.count, 5000)) { (_, _, _) throws(StoreError) in }
      try store.verify()
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: LMDBStore.Layout.allCases)
  func aFileThatIsCutShortIsAnError(_ layout: LMDBStore.Layout) throws {
    let folder = try TemporaryFolder()
    let bytes = try sample(folder, layout)
    #expect(try readAll(bytes, folder) == nil)
    var unnoticed: [Int] = []
    for length in stride(from: 0, to: bytes.count, by: layout == .perImage ? 8192 + 512 : 512) {
      if try readAll(Array(bytes[..<length]), folder) == nil { unnoticed.append(length) }
    }
    // The last page in use may be one that LMDB keeps its free pages on, which no reader needs.
    #expect(unnoticed.allSatisfy { $0 >= bytes.count - 2 * Self.pageSize }, "\(unnoticed) of \(bytes.count)")
  }

  @Test(arguments: LMDBStore.Layout.allCases)
  func damagedBytesNeverEndTheProcess(_ layout: LMDBStore.Layout) throws {
    let folder = try TemporaryFolder()
    let bytes = try sample(folder, layout)
    var generator = SplitMix64(seed: 11)
    for page in 0..<bytes.count / Self.pageSize {
      // Meta, branch and leaf pages thoroughly, of the many pages of pixels a few.
      let isTree = [1, 2, 8].contains(bytes[page * Self.pageSize + 10])
      guard isTree || Int.random(in: 0..<16, using: &generator) == 0 else { continue }
      // The heads of pages, where sizes and places are, then anywhere.
      var places: [[Int]] =
        isTree ? [8, 10, 12, 14, 16, 17, 18, 20, 40, 80, 88, 92, 94, 120, 128, 136, 151].map { [$0] } : []
      for _ in 0..<(isTree ? 12 : 1) {
        places.append(
          (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            Int.random(in: 0..<Self.pageSize, using: &generator)
          })
      }
      for places in places {
        var damaged = bytes
        for place in places {
          damaged[page * Self.pageSize + place] ^=
            [1, 0x10, 0x80, 0x7F, 0xFF][Int.random(in: 0..<5, using: &generator)]
        }
        _ = try readAll(damaged, folder)
      }
    }
  }

  @Test func everyByteOfPixelsIsChecked() throws {
    let folder = try TemporaryFolder()
    let bytes = try sample(folder, .automatic)
    // The pixels are those whose place the store lends.
    let store = try LMDBStore(at: "\(folder.path)/sample-automatic")
    let all = try store.allPixels()
    let start = bytes.indices.first { bytes[$0...].starts(with: all) }!
    #expect(start % 64 == 0)
    for offset in stride(from: 0, to: all.count, by: 97) {
      var damaged = bytes
      damaged[start + offset] ^= 1
      let error = try readAll(damaged, folder)
      #expect(error?.code == .corrupt && error?.image == offset / 64)
    }
  }

  @Test func pagesThatLeadToThemselvesAreAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = try sample(folder, .perImage)
    func integer(_ offset: Int, _ byteCount: Int) -> Int {
      (0..<byteCount).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    // The later of the two meta pages names the root.
    let meta = integer(144, 8) > integer(Self.pageSize + 144, 8) ? 0 : Self.pageSize
    let root = integer(meta + 128, 8)
    #expect(integer(root * Self.pageSize + 10, 2) == 1)
    for node in 0..<(integer(root * Self.pageSize + 12, 2) - 16) / 2 {
      let child = root * Self.pageSize + integer(root * Self.pageSize + 16 + 2 * node, 2)
      for target in [root, 0, 1, bytes.count / Self.pageSize, 0xFFFF] {
        var damaged = bytes
        damaged[child] = UInt8(target & 0xFF)
        damaged[child + 1] = UInt8(target >> 8)
        damaged[child + 2] = 0
        #expect(try readAll(damaged, folder)?.code == .corrupt)
      }
    }
  }

  @Test func keysOutOfOrderAreAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = try sample(folder, .perImage)
    // Two neighbouring keys change places in a leaf.
    let first = bytes.indices.first { bytes[$0...].starts(with: "00000003".utf8) }!
    let second = bytes.indices.first { bytes[$0...].starts(with: "00000004".utf8) }!
    var damaged = bytes
    damaged[first + 7] = UInt8(ascii: "4")
    damaged[second + 7] = UInt8(ascii: "3")
    let error = try readAll(damaged, folder)
    #expect(error?.code == .corrupt && error?.key == "00000003")
  }

  @Test func aTextFileIsNotRecognised() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/text"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try "This is text. \(String(repeating: "More of it. ", count: 1000))".write(
      toFile: "\(path)/data.mdb", atomically: true, encoding: .utf8)
    #expect(code { _ = try LMDBStore(at: path) } == .unrecognized)
    try "".write(toFile: "\(path)/data.mdb", atomically: true, encoding: .utf8)
    #expect(code { _ = try LMDBStore(at: path) } == .unrecognized)
  }

  @Test func valuesThatAreNotWhatTheyShouldBeAreNamed() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    var images = SyntheticImages(seed: 9)
    let model = images.uniform(ImageFormat(height: 32, width: 32, channels: 3), count: 300)
    _ = try LMDBStore.write(model, to: path)
    let database = try Database(path)
    let entries = try database.entries()
    let block = entries.last { $0.key.hasPrefix("images/") }!
    let labels = entries.first { $0.key.hasPrefix("labels/") }!

    func damage(_ key: String, _ value: [UInt8]?) throws -> StoreError? {
      let before = entries.first { $0.key == key }!.value
      try database.write([(key, value)])
      defer { try? database.write([(key, before)]) }
      do {
        let store = try LMDBStore(at: path)
        _ = try store.labels()
        _ = try store.read(0..<store.count)
        try store.verify()
        return nil
      } catch {
        return error
      }
    }
    // Cut short; of the right length with another header; of another length; gone.
    #expect(try damage(block.key, Array(block.value.dropLast(100)))?.key == block.key)
    var header = block.value
    header[header.firstIndex(of: UInt8(ascii: "u"))!] = UInt8(ascii: "i")
    #expect(try damage(block.key, header)?.key == block.key)
    #expect(try damage(block.key, [UInt8]("hello".utf8))?.key == block.key)
    #expect(try damage(block.key, nil)?.code == .corrupt)
    #expect(try damage(labels.key, Array(labels.value.dropLast(8)))?.key == labels.key)
    #expect(try damage(labels.key, [1, 2, 3])?.key == labels.key)
    var label = labels.value
    label[label.count - 8] ^= 1
    #expect(try damage(labels.key, label)?.key == labels.key)
    #expect(try damage("crc32/" + labels.key, nil)?.key == labels.key)
    for count in [-1, 0x7FFF_FFFF_FFFF_FFFF, 299, 301, 1 << 40] {
      let metadata = try Column.int64([1, Int64(count)]).npyBytes()
      #expect(try damage("metadata", metadata)?.code == .corrupt, "\(count)")
    }
    #expect(try damage("metadata", Column.int64([3, 300]).npyBytes())?.code == .unsupported)
    #expect(try damage(block.key, block.value) == nil)
  }

  @Test func appendsNothingToADamagedListOfFreePages() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    var images = SyntheticImages(seed: 13)
    let model = images.uniform(ImageFormat(height: 8, width: 8), count: 60)
    _ = try LMDBStore.write(model, to: path)
    _ = try LMDBStore.write(model, to: path, mode: .append)
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
    func integer(_ offset: Int, _ byteCount: Int) -> Int {
      (0..<byteCount).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    let meta = integer(144, 8) > integer(Self.pageSize + 144, 8) ? 0 : Self.pageSize
    let root = integer(meta + 80, 8)
    let node = root * Self.pageSize + integer(root * Self.pageSize + 16, 2)
    // Behind a node's head of 8 bytes and a key of 8: the list's length, then its pages.
    for (offset, value) in [(16, 0xFF), (19, 0x7F), (24, 0), (30, 1)] {
      var damaged = bytes
      damaged[node + offset] = UInt8(value)
      try Data(damaged).write(to: URL(filePath: "\(path)/data.mdb"))
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .corrupt)
      #expect(try LMDBStore(at: path).count == 120)
    }
    try Data(bytes).write(to: URL(filePath: "\(path)/data.mdb"))
    #expect(try LMDBStore.write(model, to: path, mode: .append).count == 180)
  }
}
