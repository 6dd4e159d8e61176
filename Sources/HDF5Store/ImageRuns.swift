import ImageStoreCore

/// The formats of images one after another, equal ones told once.
struct ImageRuns {
  private(set) var runs: [(format: ImageFormat, count: Int)] = []
  private(set) var count = 0

  /// The format of all images, or nil where they differ or there are none.
  var uniformFormat: ImageFormat? { runs.count == 1 ? runs[0].format : nil }

  mutating func append(_ format: ImageFormat, count added: Int) {
    guard added > 0 else { return }
    if runs.last?.format == format {
      runs[runs.count - 1].count += added
    } else {
      runs.append((format, added))
    }
    count += added
  }

  /// The format of every image in turn.
  func forEach(_ body: (ImageFormat) throws(StoreError) -> Void) throws(StoreError) {
    for run in runs {
      for _ in 0..<run.count { try body(run.format) }
    }
  }
}

extension BatchLayout {
  /// The runs of equal formats, and where each lies.
  func forEachRun(
    _ body: (_ format: ImageFormat, _ count: Int, _ bytes: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    if let format = uniformFormat {
      if count > 0 { try body(format, count, 0..<byteCount) }
      return
    }
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, self[end] == self[start] { end += 1 }
      try body(
        self[start], end - start, byteRange(of: start).lowerBound..<byteRange(of: end - 1).upperBound)
      start = end
    }
  }
}
