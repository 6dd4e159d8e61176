package import ImageStoreCore

extension ImageStore {
  /// Lends images that this store decodes: it reads some at a time to memory that is reused, and
  /// lends them there.
  ///
  /// It is the `forEachImage` of a store whose own read is `read(_:regions:into:)`, with all its
  /// threads; the default read works the other way round and uses `forEachImage`.
  ///
  /// - Parameters:
  ///   - indices: which images; checked before the first is decoded.
  ///   - byteBudget: approximately how many bytes are decoded at a time; at least one image is.
  ///   - body: as for `forEachImage`.
  package func borrowDecoded(
    _ indices: Span<Int>, byteBudget: Int = 4 << 20,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    var memory: PixelMemory?
    var start = 0
    while start < indices.count {
      let run = indices.extracting(start..<(try endOfRun(of: indices, from: start, byteBudget: byteBudget)))
      let layout = try batchLayout(run, regions: Span())
      let target =
        if let memory, memory.capacity >= layout.byteCount { memory } else {
          try PixelMemory(capacity: layout.byteCount)
        }
      memory = target
      try target.fill { (output) throws(StoreError) in try read(run, regions: Span(), into: &output) }
      guard target.byteCount == layout.byteCount else {
        throw StoreError(
          .corrupt, "\(target.byteCount) bytes of pixels instead of the \(layout.byteCount) announced")
      }
      for position in 0..<layout.count {
        try body(
          start + position, layout[position], target.span.extracting(layout.byteRange(of: position)))
      }
      start += run.count
    }
  }

  /// The end of a run that takes no more than a budget of bytes, or one image.
  private func endOfRun(
    of indices: Span<Int>, from start: Int, byteBudget: Int
  ) throws(StoreError) -> Int {
    // Short enough that a caller that stops early has not decoded much in vain.
    let most = min(indices.count, start + 4096)
    if let format { return min(most, start + max(1, byteBudget / format.byteCount)) }
    var end = start + 1
    var byteCount = try format(at: indices[start]).byteCount
    while end < most {
      byteCount += try format(at: indices[end]).byteCount
      if byteCount > byteBudget { break }
      end += 1
    }
    return end
  }
}
