/// A suggestion for a mistyped word.
enum Suggestion {
  /// The word that is nearest to a mistyped one; nil if none is near.
  static func nearest(to typed: String, among words: [String]) -> String? {
    let typed = typed.lowercased()
    let nearest = words.map { (word: $0, distance: distance(Array(typed), Array($0))) }
      .min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, nearest.word.count / 3) else { return nil }
    return nearest.word
  }

  /// The number of characters to add, remove, replace or swap with their neighbour: the distance of
  /// Damerau and Levenshtein, with no character moved twice.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
