package import ImageStoreCore

extension GatherPlan {
  /// Does the positions in runs, on up to `threads` threads, if the images only have to be copied.
  package func performRuns(
    threads: Int, _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    // Waking a thread takes as long as copying some hundred KB.
    let minimum = max(1, (512 << 10) / max(1, byteCount / max(1, count)))
    try Workers.performRuns(of: count, minimum: minimum, threads: threads, body)
  }
}
