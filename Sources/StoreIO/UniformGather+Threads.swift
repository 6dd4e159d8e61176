package import ImageStoreCore

extension UniformGather {
  /// Does the positions in runs, on up to `threads` threads, where the images only have to be copied.
  package func performRuns(
    threads: Int, _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    // Waking a thread takes as long as copying some hundred KB.
    let minimum = max(1, (512 << 10) / max(1, slotByteCount))
    try Workers.performRuns(of: count, minimum: minimum, threads: threads, body)
  }
}
