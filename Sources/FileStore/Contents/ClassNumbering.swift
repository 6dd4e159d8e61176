internal import ImageStoreCore
internal import ImageStoreSupport

/// The numbers of the classes of all splits.
struct ClassNumbering {
  let names: [String]?
  private(set) var notes: [ReadingNote] = []
  private let numbers: [[UInt8]: Int]

  init(_ groups: [ImageGroup]) {
    // Names are compared by their bytes: names that look the same can be different names for the
    // file system.
    var all: Set<[UInt8]> = []
    var stated: [Int: String] = [:]
    for group in groups {
      if case .names(let names) = group.classes { for name in names { all.insert(Array(name.utf8)) } }
      if let numbered = group.numbered { stated.merge(numbered) { first, _ in first } }
    }
    guard !all.isEmpty else {
      names = nil
      numbers = [:]
      return
    }
    // The table's own numbers, if each class has one.
    if Set(stated.values.map { Array($0.utf8) }) == all, stated.count == all.count,
      let largest = stated.keys.max(),
      stated.keys.min()! >= 0, largest < FoundLabels.largestClassCount
    {
      names = (0...largest).map { stated[$0] ?? "\($0)" }
      numbers = Dictionary(uniqueKeysWithValues: stated.map { (Array($1.utf8), $0) })
      return
    }
    let foreign = groups.reduce(into: [:]) { all, group in all.merge(group.foreignNames) { first, _ in first }
    }
    let byBytes = all.sorted { (foreign[$0] ?? $0).lexicographicallyPrecedes(foreign[$1] ?? $1) }
      .map { String(decoding: $0, as: UTF8.self) }
    let asNumbers = byBytes.compactMap { name in Int(name).flatMap { "\($0)" == name ? $0 : nil } }
    if asNumbers.count == all.count {
      let sorted = asNumbers.sorted().map(String.init)
      names = sorted
      if sorted != byBytes {
        notes.append(ReadingNote(.decided, "classes that are numbers are in the order of the numbers"))
      }
    } else {
      names = byBytes
    }
    numbers = Dictionary(uniqueKeysWithValues: names!.enumerated().map { (Array($1.utf8), $0) })
  }

  func labels(of group: ImageGroup) throws(StoreError) -> [Int]? {
    switch group.classes {
    case .none: return nil
    case .names(let names): return names.map { numbers[Array($0.utf8)]! }
    case .numbers(let labels):
      // Class folders of another split whose names are the numbers.
      let translated = labels.compactMap { self.numbers[Array("\($0)".utf8)] }
      return translated.count == labels.count ? translated : labels
    }
  }
}
