/// How many images have each label.
enum LabelCounts {
  /// Labels below this are counted without a hash, which takes far longer for millions of images.
  private static let mostDirect = 4096

  static func of(_ labels: [Int]) -> [Int: Int] {
    var direct = [Int](repeating: 0, count: mostDirect)
    var counts: [Int: Int] = [:]
    for label in labels {
      if direct.indices.contains(label) { direct[label] += 1 } else { counts[label, default: 0] += 1 }
    }
    for (label, count) in direct.enumerated() where count > 0 { counts[label] = count }
    return counts
  }
}
