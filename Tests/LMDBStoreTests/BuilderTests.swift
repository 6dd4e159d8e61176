import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import LMDBStore

/// Files that are written around liblmdb, judged by liblmdb. Small pages make trees deep with few images.
@Suite struct BuilderTests {
  private let pageSize = 512
  private let format = ImageFormat(height: 9, width: 31)

  /// Builds a database of images with the numbers `range`, some to a call, and returns what is in it.
  private func build(_ range: Range<Int>, in folder: String) throws -> [String: [UInt8]] {
    let builder = try DatabaseBuilder("\(folder)/data.mdb", pageSize: pageSize)
    let value = ImageValue(format, count: nil, pageSize: pageSize)
    var expected: [String: [UInt8]] = [:]
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 400) {
      let run = start..<min(start + 400, range.upperBound)
      let pixels = run.flatMap { [UInt8](repeating: UInt8($0 % 251), count: format.byteCount) }
      try unsafe pixels.withUnsafeBytes { bytes in
        try builder.write(
          run.enumerated().map { position, image in
            let place = position * format.byteCount..<(position + 1) * format.byteCount
            return unsafe PendingValue(
              value: value, pixels: UnsafeRawBufferPointer(rebasing: bytes[place]), first: image)
          })
      }
      for (position, image) in run.enumerated() {
        let place = position * format.byteCount..<(position + 1) * format.byteCount
        expected[StoreKey.image(image)] =
          value.header + pixels[place] + [UInt8](repeating: 0, count: value.padding)
      }
    }
    try builder.finish(key: StoreKey.image)
    return expected
  }

  private func check(_ database: Database, _ expected: [String: [UInt8]]) throws {
    let entries = try database.entries()
    #expect(entries.map(\.key) == expected.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(entries.allSatisfy { expected[$0.key] == $0.value })
  }

  // The last leaf with one entry, full, and with one more; the same for the last branch.
  @Test(arguments: [0, 1, 2, 19, 20, 39, 500, 513, 514, 3000])
  func liblmdbReadsAndChangesIt(_ count: Int) throws {
    let folder = try TemporaryFolder()
    var expected = try build(0..<count, in: folder.path)
    let database = try Database(folder.path)
    try check(database, expected)
    // Small values before, between and after the images split leaves and branches.
    var generator = SplitMix64(seed: UInt64(count))
    for _ in 0..<3 {
      var changes: [(key: String, value: [UInt8]?)] = []
      for image in 0..<count + 5 where Bool.random(using: &generator) {
        let key = "\(StoreKey.image(image))\(UInt8.random(in: 0...9, using: &generator))"
        let value = [UInt8](repeating: 7, count: Int.random(in: 0...300, using: &generator))
        changes.append((key, value))
        expected[key] = value
      }
      try database.write(changes)
      let removed = expected.keys.sorted().filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
      for key in removed { expected[key] = nil }
      try database.write(removed.map { ($0, nil) })
      try check(database, expected)
    }
  }

  @Test func keysPastEightDigitsStandWhereTheirBytesDo() throws {
    let folder = try TemporaryFolder()
    let expected = try build(99_999_950..<100_000_050, in: folder.path)
    try check(Database(folder.path), expected)
  }

  @Test func ourReaderFindsWhatIsBuilt() throws {
    let folder = try TemporaryFolder()
    let expected = try build(0..<3000, in: folder.path)
    let keys = try Snapshot.read("\(folder.path)/data.mdb") { (tree) throws(StoreError) in
      var keys: [String] = []
      try tree.forEach { (entry) throws(StoreError) in keys.append(unsafe Tree.name(entry.key)) }
      return keys
    }
    #expect(keys == expected.keys.sorted())
  }
}
