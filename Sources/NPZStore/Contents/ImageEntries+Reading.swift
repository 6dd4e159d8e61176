import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

extension ImageEntries {
  /// Where the pixels of a stored image are in the map, once it has been checked.
  @inline(__always)
  private func mappedPixels(_ index: Int, _ offsets: UnsafeMutablePointer<Atomic<Int>>) -> UnsafeRawPointer {
    unsafe archive.file.bytes.baseAddress! + offsets[index].load(ordering: .relaxed)
  }

  /// Copies images to the caller's memory, or decodes them there on several threads.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let mapped else { return try unsafe decode(plan, into: memory) }
    let offsets = unsafe mapped.elements
    try plan.performRuns(threads: threads) { (run) throws(StoreError) in
      try unsafe checkingFirst(run, of: plan.indices, offsets) { (run) throws(StoreError) in
        try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) -> UnsafeRawPointer in
          unsafe mappedPixels(index, offsets)
        }
      }
    }
  }

  private func decode(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard plan.count > 0, let base = memory.baseAddress else { return }
    // A run is worth a thread's waking from some 10 KB on.
    let minimum = max(1, 16_384 / max(1, plan.byteCount / plan.count))
    try Workers.performRuns(of: plan.count, minimum: minimum, threads: threads) {
      (run) throws(StoreError) in
      try decoders.withObject { (decoder) throws(StoreError) in
        let start = plan.byteRange(of: run.lowerBound).lowerBound
        let end = plan.byteRange(of: run.upperBound - 1).upperBound
        for position in run {
          let index = plan.indices[position]
          let slot = plan.byteRange(of: position).lowerBound
          let format = plan.format(at: position)
          do throws(StoreError) {
            if let region = plan.crop(at: position) {
              try unsafe decodeRegion(region, of: index, into: base + slot, format: format, with: decoder)
            } else {
              try unsafe decodeWhole(
                index, into: base + slot, before: slot - start, after: end - slot, format: format,
                with: decoder)
            }
          } catch {
            throw named(error, index)
          }
        }
      }
    }
  }

  /// Lends mapped images, whose indices have been checked, one after another.
  func borrowMapped(
    _ indices: Span<Int>, _ mapped: AtomicArray<Int>, _ format: ImageFormat,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let offsets = unsafe mapped.elements
    try unsafe checkingFirst(indices.indices, of: indices, offsets) { (run) throws(StoreError) in
      for position in run {
        let pixels = unsafe UnsafeRawBufferPointer(
          start: mappedPixels(indices[position], offsets), count: format.byteCount)
        try unsafe withRawSpan(of: pixels) { (pixels) throws(StoreError) in
          try body(position, format, pixels)
        }
      }
    }
  }

  /// Decodes images, whose indices have been checked, and checks their checksums.
  func verify(_ indices: Span<Int>) throws(StoreError) {
    try Workers.performRuns(of: indices.count, minimum: 8, threads: threads) { (run) throws(StoreError) in
      try decoders.withObject { (decoder) throws(StoreError) in
        for position in run {
          do throws(StoreError) {
            try verify(indices[position], with: decoder)
          } catch {
            throw named(error, indices[position])
          }
        }
      }
    }
  }

  /// Checks one image; of a large one that is deflated a piece at a time is in memory.
  private func verify(_ index: Int, with decoder: EntryDecoder) throws(StoreError) {
    let entry = entry(index)
    guard entry.isDeflated, entry.byteCount > ZipEntryReader.wholeByteCount else {
      _ = try decode(index, with: decoder, checks: true)
      return
    }
    try check(geometry(of: archive.header(of: entry, with: &decoder.inflater)).format)
    try archive.check(entry)
  }
}
