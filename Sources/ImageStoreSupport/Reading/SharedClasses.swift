/// Common numbers for classes that were found by name in several splits. In a single split, classes
/// that it lacks would not be counted.
package struct SharedClasses {
  /// The names of all classes, sorted by their bytes.
  package let names: [String]
  private let numbers: [[UInt8]: Int]

  /// - Parameter splits: the names of the classes in each split, nil for one that has none.
  /// - Returns: nil if all splits have the same numbers for their classes, or one has no names.
  package init?(of splits: [[String]?]) {
    let known = splits.compactMap { $0?.map { Array($0.utf8) } }
    guard known.count == splits.count, known.contains(where: { $0 != known[0] }) else { return nil }
    let all = Set(known.flatMap { $0 }).sorted { $0.lexicographicallyPrecedes($1) }
    names = all.map { String(decoding: $0, as: UTF8.self) }
    numbers = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
  }

  /// The labels of a split by the numbers of all.
  ///
  /// - Parameter names: of the classes in that split. A label without a name stays.
  package func translate(_ labels: [Int], from names: [String]) -> [Int] {
    let translated = names.map { numbers[Array($0.utf8)] }
    return labels.map { translated.indices.contains($0) ? translated[$0] ?? $0 : $0 }
  }
}
