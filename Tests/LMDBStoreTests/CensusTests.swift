import CImageStoreLMDB
import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import LMDBStore

/// The count of all pages, on what liblmdb leaves and on what no liblmdb leaves.
@Suite struct CensusTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/s" }

  init() throws { folder = try TemporaryFolder() }

  private func check(_ path: String, _ purpose: PageCensus.Purpose) throws(StoreError) {
    try Snapshot.read("\(path)/data.mdb") { (tree) throws(StoreError) in try PageCensus.check(tree, purpose) }
  }

  // MARK: Intact

  @Test(arguments: 0..<8)
  func acceptsWhatLiblmdbLeaves(_ seed: Int) throws {
    var generator = SplitMix64(seed: UInt64(seed))
    func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let database = try Database(path)
    let most = [30, 300, 3000, 60_000][seed % 4]
    let keyLength = [3, 40, 200][seed % 3]
    for round in 0..<60 {
      var changes: [(key: String, value: [UInt8]?)] = []
      let known = try Set(database.entries().map(\.key))
      for _ in 0..<random(1..<80) {
        let key = String(repeating: "k", count: keyLength) + String(random(0..<300))
        // The last of several values of one key in a transaction may have more pages than it needs.
        if random(0..<3) > 0 {
          changes.append((key, [UInt8](repeating: 7, count: random(0..<most))))
        } else if known.contains(key), !changes.contains(where: { $0.key == key }) {
          changes.append((key, nil))
        }
      }
      try database.write(changes)
      if round % 7 == 0 {
        // Other programs may keep databases of their own in it, even with several values per key.
        try database.fillNamed("plain", flags: 0, keys: 40, valuesEach: 1, byteCount: random(0..<300))
        try database.fillNamed(
          "several", flags: MDB_DUPSORT, keys: 5, valuesEach: random(1..<60), byteCount: 30)
        try database.fillNamed(
          "equal", flags: MDB_DUPSORT | MDB_DUPFIXED, keys: 3, valuesEach: random(1..<500), byteCount: 8)
      }
      try check(path, .verifyingStore)
      try check(path, .verifyingForeign)
      try check(path, .appending(imageCount: 10))
    }
  }

  @Test(arguments: LMDBStore.Layout.allCases)
  func acceptsWhatWritersLeave(_ layout: LMDBStore.Layout) throws {
    var images = SyntheticImages(seed: 21)
    let format = ImageFormat(height: 12, width: 12, channels: 3)
    _ = try LMDBStore.write(images.uniform(format, count: 30), to: path, layout: layout)
    for count in [1, 400, 0, 3] {
      // Given up, then done.
      var writer = try LMDBStore.Writer(to: path, mode: .append)
      try writer.append(images.uniform(format, count: 2 * count))
      _ = consume writer
      try check(path, .verifyingStore)
      _ = try LMDBStore.write(images.uniform(format, count: count), to: path, mode: .append)
      try check(path, .verifyingStore)
    }
  }

  // MARK: Damaged

  /// A store with a branch and lists of free pages, and its data file.
  private func sample() throws -> PageMap {
    var images = SyntheticImages(seed: 22)
    let format = ImageFormat(height: 8, width: 8)
    for _ in 0..<3 {
      var model = images.uniform(format, count: 5)
      model.labels = [1, 2, 3, 4, 5]
      for name in ["a", "b", "c", "d"] {
        model.columns[name] = .string((0..<5).map { "a text of some length, \($0)" })
      }
      _ = try LMDBStore.write(model, to: path, mode: .append)
    }
    return try PageMap([UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb"))))
  }

  /// Expects that a file is refused by a verification and by an append, which writes nothing.
  private func expectRefused(_ bytes: [UInt8], _ what: String) throws {
    let file = URL(filePath: "\(path)/data.mdb")
    try Data(bytes).write(to: file)
    #expect(code { try LMDBStore(at: path).verify() } == .corrupt, "\(what)")
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .corrupt, "\(what)")
    #expect(try [UInt8](Data(contentsOf: file)) == bytes, "\(what)")
  }

  @Test func refusesFlagsThatPagesHaveOnlyInMemory() throws {
    let map = try sample()
    for page in map.leaves + map.branches {
      for (flag, name) in [
        (0x10, "dirty"), (0x4000, "loose"), (0x8000, "keep"), (0x20, "of keys alone"), (0x40, "within"),
      ] {
        try expectRefused(
          map.with(map.number(page * map.pageSize + 10, 2) ^ flag, 2, at: page * map.pageSize + 10),
          "page \(page), \(name)")
      }
    }
  }

  @Test func refusesBoundsOfNodesThatAreNotTheirs() throws {
    let map = try sample()
    for page in map.leaves + map.branches {
      let upper = map.number(page * map.pageSize + 14, 2)
      for value in [
        upper + 64, upper - 64, upper + 2, upper - 2, map.pageSize, map.number(page * map.pageSize + 12, 2),
      ]
      where value != upper && value <= map.pageSize {
        try expectRefused(
          map.with(value, 2, at: page * map.pageSize + 14), "page \(page), upper bound \(value)")
      }
    }
  }

  @Test func refusesKeysOfBranchesThatLeadAstray() throws {
    let map = try sample()
    let branch = try #require(map.branches.first) * map.pageSize
    let count = (map.number(branch + 12, 2) - 16) / 2
    for position in 1..<count {
      let node = branch + map.number(branch + 16 + 2 * position, 2)
      let last = node + 8 + map.number(node + 6, 2) - 1
      // The last character of the key becomes greater than any.
      try expectRefused(map.with(0x7F, 1, at: last), "branch key \(position)")
      try expectRefused(map.with(0x21, 1, at: node + 8), "branch key \(position)")
    }
  }

  @Test func refusesALastPageThatIsNotTheLast() throws {
    let map = try sample()
    let last = map.number(map.meta + 136, 8)
    for value in [1, last - 1, last - 4, last + 100, last + 1 << 20, last + 1 << 30, 1 << 40, 1 << 62] {
      try expectRefused(map.with(value, 8, at: map.meta + 136), "last page \(value) for \(last)")
    }
  }

  @Test func refusesFreePagesThatAreInUseOrListedTwice() throws {
    let map = try sample()
    let first = try #require(map.freeLists.first)
    let listed = map.freeLists.flatMap { list in
      (1...map.number(list.lowerBound, 8)).map { map.number(list.lowerBound + 8 * $0, 8) }
    }
    let last = map.number(map.meta + 136, 8)
    for page in 0...last + 2 where page != map.number(first.lowerBound + 8, 8) {
      try expectRefused(map.with(page, 8, at: first.lowerBound + 8), "free page \(page), of \(listed)")
    }
    // A list that is longer or shorter than it says.
    let count = map.number(first.lowerBound, 8)
    for value in [count + 1, count + 100, 1 << 40] {
      try expectRefused(map.with(value, 8, at: first.lowerBound), "\(value) free pages for \(count)")
    }
    // A list under the number of no transaction, or of one to come.
    for key in [0, 1 << 40] {
      try expectRefused(map.with(key, 8, at: first.lowerBound - 8), "free pages of transaction \(key)")
    }
  }

  /// What a writer passes on it vouches for, though a page that is nowhere is lost at most.
  @Test func refusesAPageThatIsNowhere() throws {
    let map = try sample()
    let list = try #require(map.freeLists.first)
    try expectRefused(
      map.with(map.number(list.lowerBound, 8) - 1, 8, at: list.lowerBound), "a free page that is not listed")
    // Databases of other programs lost pages by releases of liblmdb that had an error.
    try check(path, .verifyingForeign)
  }

  /// A meta page has the records of two trees at 40 and 88; their counts begin 8 bytes in.
  @Test func refusesCountsOfTreesThatAreNotTheirs() throws {
    let map = try sample()
    for tree in [40, 88] {
      for (offset, name) in [(8, "branches"), (16, "leaves"), (24, "overflow pages"), (32, "entries")] {
        let place = map.meta + tree + offset
        try expectRefused(map.with(map.number(place, 8) ^ 1, 8, at: place), "\(name) of the tree at \(tree)")
      }
    }
  }

  @Test func findsDamagedHeadsOfValues() throws {
    let map = try sample()
    for (key, page) in map.values {
      for (offset, value, byteCount) in [
        (0, page + 1, 8), (10, 0x14, 2), (10, 2, 2), (12, 0, 4), (12, 2, 4), (12, 1 << 30, 4),
      ] {
        try Data(map.with(value, byteCount, at: page * map.pageSize + offset)).write(
          to: URL(filePath: "\(path)/data.mdb"))
        #expect(code { try LMDBStore(at: path).verify() } == .corrupt, "\(key): \(value) at \(offset)")
      }
    }
  }

  @Test func removesNothingByADamagedHead() throws {
    // What an append left that was killed is removed by the length that is in its first page.
    let map = try sample()
    let database = try Database(path)
    let image = try #require(try database.entries().first { $0.key.hasPrefix("images/") })
    try database.write([("images/000000000015", image.value)])
    let grown = try PageMap([UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb"))))
    let page = try #require(grown.values["images/000000000015"])
    #expect(map.values["images/000000000015"] == nil)
    for (offset, value, byteCount) in [(10, 0x14, 2), (12, 3, 4), (12, 1 << 30, 4), (0, 3, 8)] {
      try expectRefused(
        grown.with(value, byteCount, at: page * grown.pageSize + offset), "\(value) at \(offset)")
    }
  }

  @Test func refusesMetaPagesThatLiblmdbWouldTakeForOthers() throws {
    let map = try sample()
    // Several values per key in the tree of free pages; keys alone; integer keys no more.
    for flags in [0x08 | 0x04, 0x08 | 0x10, 0] {
      try expectRefused(map.with(flags, 2, at: map.meta + 44), "flags \(flags)")
    }
    // The transaction of the other page.
    let transaction = map.number(map.meta + 144, 8)
    try expectRefused(map.with(transaction + 1, 8, at: map.meta + 144), "transaction \(transaction + 1)")
    try expectRefused(map.with(0, 2, at: map.meta + 10), "no meta page")
    // Of the depth and the root nothing else may be so.
    for depth in [0, 1, 3, 40] { try expectRefused(map.with(depth, 2, at: map.meta + 94), "depth \(depth)") }
  }

  // MARK: Small files that ask for much

  @Test func keysThatLeadToOneValueAreNotReadAgainAndAgain() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let format = ImageFormat(height: 500, width: 800)
    let big = [UInt8](repeating: 5, count: format.byteCount)
    let small = [UInt8](repeating: 6, count: 3000)
    try Database(path).write([("a", big)] + (0..<60).map { ("b\($0)", small) })
    let map = try PageMap([UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb"))))
    var bytes = map.bytes
    // All of them say that they are the first one.
    for leaf in map.leaves {
      let start = leaf * map.pageSize
      for table in stride(from: start + 16, to: start + map.number(start + 12, 2), by: 2) {
        let node = start + map.number(table, 2)
        let value = node + 8 + map.number(node + 6, 2)
        for byte in 0..<4 { bytes[node + byte] = UInt8(format.byteCount >> (8 * byte) & 0xFF) }
        for byte in 0..<8 { bytes[value + byte] = UInt8(map.values["a"]! >> (8 * byte) & 0xFF) }
      }
    }
    try Data(bytes).write(to: URL(filePath: "\(path)/data.mdb"))
    #expect(code { _ = try LMDBStore(at: path, .raw(format)) } == .corrupt)
  }

  @Test func valuesPastTheCountAreNotRead() throws {
    _ = try sample()
    let database = try Database(path)
    let labels = try #require(try database.entries().first { $0.key == "labels/000000000000" })
    // 100,000 labels of a byte each for the first five images.
    let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (100000,), }"
    let text = Array((header + String(repeating: " ", count: 117 - header.utf8.count) + "\n").utf8)
    let value = labels.value[..<8] + [118, 0] + text + [UInt8](repeating: 1, count: 100_000)
    try database.write([("labels/000000000000", Array(value))])
    #expect(code { _ = try LMDBStore(at: path).labels() } == .corrupt)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .corrupt)
  }
}
