/// Runs of pages and whether they are in use or free, in the order they were found.
struct PageRuns {
  struct Run {
    var first: UInt64
    /// The page after the last.
    var end: UInt64
    let isFree: Bool
  }

  private var runs: [Run] = []

  /// Adds pages. The caller has checked that the sum does not overflow.
  mutating func append(_ first: UInt64, count: UInt64 = 1, isFree: Bool) {
    // Values lie one after another in most databases, and lists of free pages go downwards: it is one run again and again.
    if let last = runs.last, last.isFree == isFree {
      if last.end == first {
        runs[runs.count - 1].end += count
        return
      }
      if first + count == last.first {
        runs[runs.count - 1].first = first
        return
      }
    }
    runs.append(Run(first: first, end: first + count, isFree: isFree))
  }

  /// The runs in the order of their pages.
  consuming func sorted() -> [Run] {
    runs.sort { $0.first < $1.first }
    return runs
  }
}
