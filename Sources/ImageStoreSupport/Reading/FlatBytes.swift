/// The ranges of items of different lengths in an array of bytes, from an accompanying array of
/// offsets or lengths.
package enum FlatBytes {
  private static let words: Set = [
    "offset", "offsets", "starts", "indptr", "ptr", "pointers", "length", "lengths", "lens", "sizes",
    "bounds",
  ]

  /// Whether a name is one that offsets or lengths may have.
  package static func isTelling(_ name: some StringProtocol) -> Bool {
    ArrayNames.words(of: name).contains { words.contains($0) }
  }

  /// The ranges of bytes, if some numbers are their offsets, with or without the end of the last,
  /// or their lengths.
  package static func ranges(_ numbers: [Int64], byteCount: Int) -> [Range<Int>]? {
    guard let first = numbers.first, let last = numbers.last,
      numbers.allSatisfy({ $0 >= 0 && $0 <= Int64(byteCount) })
    else { return nil }
    let isRising = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    if first == 0, isRising, numbers.count > 1 {
      var bounds = numbers.map { Int($0) }
      if last != Int64(byteCount) { bounds.append(byteCount) }
      return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
    }
    // Each length is at most the number of bytes, which is below 2^48.
    guard numbers.count < 1 << 15 || byteCount < 1 << 48 else { return nil }
    var ranges: [Range<Int>] = []
    var start = 0
    for length in numbers {
      let end = start + Int(length)
      guard length > 0, end <= byteCount else { return nil }
      ranges.append(start..<end)
      start = end
    }
    return start == byteCount ? ranges : nil
  }
}
