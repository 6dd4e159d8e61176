import Foundation

/// Where LMDB's own bytes are in a data file: read here once more, from the description of the format alone.
///
/// Source: LMDB 0.9, `mdb.c`, `MDB_page`, `MDB_node` and `MDB_meta` of 64-bit little-endian machines.
struct PageMap {
  let bytes: [UInt8]
  let pageSize: Int
  /// Bytes of meta pages, heads of pages, tables and heads of nodes, page numbers of values and
  /// lists of free pages.
  private(set) var structure: [Range<Int>] = []
  /// Bytes of keys.
  private(set) var keys: [Range<Int>] = []
  /// The last commit's meta page.
  let meta: Int
  private(set) var leaves: [Int] = []
  private(set) var branches: [Int] = []
  /// First pages of values in the main tree, by their keys.
  private(set) var values: [String: Int] = [:]
  /// Lists of free pages: a count, then the pages.
  private(set) var freeLists: [Range<Int>] = []
  /// Values within leaves of the main tree, by their keys.
  private(set) var inline: [String: Range<Int>] = [:]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    func number(_ offset: Int, _ byteCount: Int) -> Int {
      (0..<byteCount).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    pageSize = number(40, 4)
    meta = number(144, 8) > number(pageSize + 144, 8) ? 0 : pageSize
    structure = [0..<152, pageSize..<pageSize + 152]
    for (record, isFree) in [(meta + 40, true), (meta + 88, false)] {
      // All ones stand for no root.
      if bytes[record + 40..<record + 48].contains(where: { $0 != 0xFF }) {
        visit(number(record + 40, 8), isFree)
      }
    }
  }

  func number(_ offset: Int, _ byteCount: Int) -> Int {
    (0..<byteCount).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  /// The file with another number in one place.
  func with(_ number: Int, _ byteCount: Int, at offset: Int) -> [UInt8] {
    var bytes = bytes
    for byte in 0..<byteCount { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    return bytes
  }

  private mutating func visit(_ page: Int, _ isFree: Bool) {
    let start = page * pageSize
    let end = start + number(start + 12, 2)
    structure.append(start..<end)
    let isBranch = number(start + 10, 2) == 1
    if isBranch { branches.append(page) } else { leaves.append(page) }
    for table in stride(from: start + 16, to: end, by: 2) {
      let node = start + number(table, 2)
      structure.append(node..<node + 8)
      let key = node + 8..<node + 8 + number(node + 6, 2)
      keys.append(key)
      if isBranch {
        visit(number(node, 6), isFree)
        continue
      }
      let name = String(decoding: bytes[key], as: UTF8.self)
      var value = key.upperBound..<key.upperBound + number(node, 4)
      if number(node + 4, 2) & 1 == 1 {
        structure.append(key.upperBound..<key.upperBound + 8)
        let first = number(key.upperBound, 8)
        structure.append(first * pageSize..<first * pageSize + 16)
        value = first * pageSize + 16..<first * pageSize + 16 + number(node, 4)
        if !isFree { values[name] = first }
      } else if !isFree {
        inline[name] = value
      }
      if isFree {
        structure.append(value)
        freeLists.append(value)
      }
    }
  }
}
