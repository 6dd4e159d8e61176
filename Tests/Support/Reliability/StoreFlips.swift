import ImageStoreSupport
import ImageStoreTesting

/// A bit of a file.
struct Flip: CustomStringConvertible {
  /// Relative to the store; empty if the store is the file.
  let file: String
  let offset: Int
  let bit: Int

  var description: String { "bit \(bit) of byte \(offset)\(file.isEmpty ? "" : " of \(file)")" }
}

/// Bits of a store's files, by numbers.
struct StoreFlips {
  private struct Part {
    let file: String
    let range: Range<Int>
    /// Whether nothing is kept there, so that one bit of every eighth byte says as much as all.
    var isUnused = false
  }

  private let flips: [Flip]

  var count: Int { flips.count }
  subscript(number: Int) -> Flip { flips[number] }

  init(_ store: String, _ choice: BitFlipCheck.Choice, seed: UInt64) throws {
    var (all, small): ([Part], [Part]) = ([], [])
    for file in try Self.files(of: store) {
      let path = file.isEmpty ? store : "\(store)/\(file)"
      let bytes = try FileSystem.contents(of: path, limit: 1 << 26)
      all.append(Part(file: file, range: 0..<bytes.count))
      small += Self.metadata(of: file.isEmpty ? store : file, bytes).map {
        Part(file: file, range: $0, isUnused: $1)
      }
    }
    switch choice {
    case .every:
      flips = small.flatMap { part in
        part.range.flatMap { offset in
          if part.isUnused && offset % 8 != 0 { return [Flip]() }
          return (part.isUnused ? offset / 8 % 8..<offset / 8 % 8 + 1 : 0..<8).map {
            Flip(file: part.file, offset: offset, bit: $0)
          }
        }
      }
    case .some(let count):
      var generator = SplitMix64(seed: seed)
      flips = (0..<count).map { Self.random(in: $0 % 2 == 0 ? small : all, &generator) }
    }
  }

  private static func random(in parts: [Part], _ generator: inout SplitMix64) -> Flip {
    var offset = Int.random(in: 0..<parts.reduce(0) { $0 + $1.range.count }, using: &generator)
    for part in parts {
      if offset < part.range.count {
        let bit = Int.random(in: 0..<8, using: &generator)
        return Flip(file: part.file, offset: part.range.lowerBound + offset, bit: bit)
      }
      offset -= part.range.count
    }
    return Flip(file: parts[0].file, offset: 0, bit: 0)
  }

  /// The files that hold a store: all but LMDB's lock, in which nothing is kept.
  static func files(of store: String) throws -> [String] {
    guard FileSystem.kind(of: store) == .folder else { return [""] }
    return try Files.allPaths(in: store).filter {
      FileSystem.kind(of: "\(store)/\($0)") == .file && $0 != "lock.mdb"
    }
  }

  /// What of a file is not pixels, and whether nothing is kept there. Of pixels a few bytes say as
  /// much as all of them.
  private static func metadata(of name: String, _ bytes: [UInt8]) -> [(Range<Int>, isUnused: Bool)] {
    if name.hasSuffix(".png") { return [] }
    // The header, and a few masks.
    if name == "masks.npy" { return [(0..<min(bytes.count, 192), false)] }
    guard name.hasSuffix(".mdb") else { return [(0..<bytes.count, false)] }
    // LMDB's pages. Source: `mdb.c` of LMDB 0.9, MDB_page and MDB_meta.
    let (page, header, meta, branchOrLeaf) = (4096, 16, 168, 0x03)
    func number(at place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }
    var ranges: [(Range<Int>, isUnused: Bool)] = []
    for start in stride(from: 0, to: bytes.count, by: page) {
      var used = [0..<header]
      if start < 2 * page {
        used = [0..<meta]
      } else if number(at: start + 10) & branchOrLeaf != 0 {
        // Places of nodes from the front, nodes from the back.
        let (lower, upper) = (number(at: start + 12), number(at: start + 14))
        if header <= lower, lower <= upper, upper <= page { used = [0..<lower, upper..<page] }
      } else {
        // A value's first page, with the header of its array; in others pixels may look like one.
        used = [0..<192]
      }
      var end = 0
      for range in used {
        if end < range.lowerBound { ranges.append((start + end..<start + range.lowerBound, true)) }
        ranges.append((start + range.lowerBound..<start + range.upperBound, false))
        end = range.upperBound
      }
      if end < page { ranges.append((start + end..<start + page, true)) }
    }
    return ranges.filter { !$0.0.isEmpty }
  }
}
