internal import ImageStoreCore
internal import ImageStoreSupport

/// The keys and values of a tree that another program filled, in the order of the keys.
struct ForeignEntries {
  private(set) var keys = NameList()
  private var offsets: [Int] = []
  private var byteCounts: [UInt32] = []
  /// The named databases, by their names.
  private(set) var trees: [(name: String, record: TreeRecord)] = []
  private let file: DatabaseFile

  /// Reads all keys. Some programs keep lists of keys and counts under keys that begin with two
  /// underscores; they are left out.
  init(_ tree: Tree) throws(StoreError) {
    var entries = ForeignEntries(file: tree.file)
    try tree.forEach { (entry) throws(StoreError) in
      if entry.isTree {
        guard let value = unsafe entry.inline, value.count >= TreeRecord.byteCount else { return }
        entries.trees.append((unsafe shownName(entry.key), unsafe TreeRecord(value, at: 0)))
      } else if unsafe !entry.key.starts(with: "__".utf8) {
        unsafe entries.keys.append(entry.key)
        entries.offsets.append(entry.offset)
        // LMDB writes the length in 32 bits.
        entries.byteCounts.append(UInt32(truncatingIfNeeded: entry.byteCount))
      }
    }
    self = entries
  }

  private init(file: DatabaseFile) { self.file = file }

  var count: Int { keys.count }

  func location(_ position: Int) -> (offset: Int, byteCount: Int) {
    (offsets[position], Int(byteCounts[position]))
  }

  func value(_ position: Int) throws(StoreError) -> UnsafeRawBufferPointer {
    let (offset, byteCount) = location(position)
    guard let value = unsafe file.map.bytes(at: offset, count: byteCount) else {
      throw StoreError(.corrupt, "the file is cut short")
    }
    return unsafe value
  }

  /// The text of a short value that is only a decimal number.
  func number(_ position: Int) -> Int? {
    guard byteCounts[position] > 0, byteCounts[position] <= Self.mostDigits,
      let value = try? unsafe self.value(position)
    else {
      return nil
    }
    return unsafe Int(String(decoding: value, as: UTF8.self).trimmingSuffix { $0 == "\0" || $0.isWhitespace })
  }

  /// Whether an entry says how many images there are, as `num-samples` and `length` do.
  func isCount(_ position: Int) -> Bool {
    // Nearly all values are images, and longer than a number.
    guard byteCounts[position] <= Self.mostDigits else { return false }
    let letters = keys[position].filter { byte in (0x61...0x7A).contains(byte | 0x20) }.map { $0 | 0x20 }
    return Self.countNames.contains(String(decoding: letters, as: UTF8.self)) && number(position) != nil
  }

  private static let mostDigits = 20

  private static let countNames: Set<String> = [
    "length", "len", "count", "size", "total", "num", "n", "numsamples", "nsamples", "numimages", "nimages",
    "numexamples",
    "datasetsize", "numentries",
  ]

  /// The length of the part of a key before the digits at its end.
  static func prefix(of key: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    key[..<(key.lastIndex { !(0x30...0x39).contains($0) }.map { $0 + 1 } ?? key.startIndex)]
  }
}

extension Substring {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
    var text = self
    while let last = text.last, isTrimmed(last) { text.removeLast() }
    return text
  }
}

extension String {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
    self[...].trimmingSuffix(isTrimmed)
  }
}
