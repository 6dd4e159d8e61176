internal import CImageStoreSystem
package import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

// The system loads the pages of a map when they are touched: one by one, while the thread waits. So
// pages that will be read soon are requested, and the system is told about pages that will not.

extension MappedFile: ByteSource {
  /// Tells the system in which order the map will be read.
  package func advise(_ pattern: AccessPattern) {
    let advice =
      switch pattern {
      case .any: MADV_NORMAL
      case .sequential: MADV_SEQUENTIAL
      case .random: MADV_RANDOM
      }
    advise(0..<byteCount, Int32(advice))
  }

  package func willRead(_ ranges: Span<Range<Int>>) {
    for number in ranges.indices {
      var start = ranges[number].lowerBound
      while start < ranges[number].upperBound {
        let end = min(start + Self.requestByteCount, ranges[number].upperBound)
        advise(start..<end, Int32(MADV_WILLNEED))
        start = end
      }
    }
  }

  /// Reads small pieces that are far apart, all of them requested at once, and nothing around them:
  /// for a page of a map that is missing, the system reads as much as it reads ahead of a file, which
  /// is 8 MB on some systems.
  ///
  /// - Parameter pieces: what `body` reads; asked for if parts of the file are not in memory.
  package func readingPieces<Result, Failure: Error>(
    _ pieces: @autoclosure () -> [Range<Int>], _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard residentShare() < 0.98 else { return try body() }
    advise(.random)
    defer { advise(.any) }
    willRead(pieces().span)
    return try body()
  }

  /// For one request, Linux reads at most its read-ahead of a file, 128 KB by default.
  private static let requestByteCount = 128 << 10

  /// By one sample per 4 MB, at least 8 and at most 128.
  package func residentShare() -> Double {
    guard byteCount > 0 else { return 1 }
    guard tellsResidency else { return wasRead.load(ordering: .relaxed) ? 1 : 0 }
    let samples = min(max(byteCount >> 22, 8), 128)
    // Other places each time, so that a missing part is found sooner or later.
    let shift = Int(truncatingIfNeeded: sampling.wrappingAdd(1, ordering: .relaxed).oldValue) &* 0x9E37_79B9
    var resident = 0
    var pages = 0
    for sample in 0..<samples {
      let part = byteCount / samples
      let offset = sample * part + (part > 0 ? Int(UInt(bitPattern: shift) % UInt(part)) : 0)
      let window = pageRange(of: offset..<min(offset + Self.sampleByteCount, byteCount))
      let count = (window.count + Self.pageByteCount - 1) / Self.pageByteCount
      let found = unsafe image_stores_count_resident(mapped.baseAddress! + window.lowerBound, window.count)
      guard found >= 0 else { return 1 }
      resident += Int(found)
      pages += count
    }
    return pages == 0 ? 1 : Double(resident) / Double(pages)
  }

  /// Whether the system says which pages are in memory: to a user who may not write the file, Linux
  /// says that all are.
  private var tellsResidency: Bool {
    #if os(Linux)
    let isWritable = unsafe access(path, W_OK) == 0
    return isWritable || isOwn
    #else
    return true
    #endif
  }

  private static let sampleByteCount = 32 << 10
  private static let pageByteCount = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))

  /// Reads the file instead of the map: the system's read-ahead for reads uses larger pieces of
  /// memory than for requests on a map, so all later work on them takes a fraction of the time.
  package func fetch(_ range: Range<Int>) {
    let range = range.clamped(to: 0..<byteCount)
    guard !range.isEmpty, let file = reopened(),
      let buffer = try? PixelMemory(capacity: Self.bufferByteCount)
    else { return }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Self.bufferByteCount, range.upperBound - offset)
      // Errors are found when the bytes are read from the map.
      try? buffer.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(count) { (memory) throws(StoreError) in
          _ = unsafe pread(file.descriptor, memory.baseAddress!, count, off_t(offset))
        }
      }
      offset += count
    }
    if range.upperBound == byteCount { wasRead.store(true, ordering: .relaxed) }
  }

  /// Has the system fetch a region in one piece, if it can: its memory is one large page, for which
  /// it asks the disk once. A fraction of the processor time of fetching page by page remains, and
  /// the map takes it over by one fault.
  package func fetchRegion(_ number: Int) {
    let start = number * Self.regionByteCount
    guard start >= 0, start < byteCount else { return }
    let end = min(start + Self.regionByteCount, byteCount)
    guard let file = reopened() else { return }
    if image_stores_fetch_large(file.descriptor, Int64(start), end - start) != 0 { fetch(start..<end) }
    if end == byteCount { wasRead.store(true, ordering: .relaxed) }
  }

  /// Small enough for a processor's cache.
  private static let bufferByteCount = 256 << 10

  /// Drops pages from this map and from the system's cache. Those that other processes have mapped stay.
  package func letGo(_ ranges: Span<Range<Int>>) {
    guard ranges.count > 0, let file = reopened() else { return }
    for number in ranges.indices {
      // A page at the edge has bytes of images that are not read yet.
      let first =
        (ranges[number].lowerBound + Self.pageByteCount - 1) / Self.pageByteCount * Self.pageByteCount
      let end = ranges[number].upperBound / Self.pageByteCount * Self.pageByteCount
      guard first < end else { continue }
      // A read-only map loses nothing.
      advise(first..<end, Int32(MADV_DONTNEED))
      image_stores_drop_cached(file.descriptor, Int64(first), Int64(end - first))
    }
  }

  /// The file, which is closed once it has been mapped; nil if another has its name by now.
  private func reopened() -> File? {
    guard let file = try? File(path, .read), let status = try? file.status(), FileIdentity(status) == identity
    else { return nil }
    return file
  }

  private func advise(_ range: Range<Int>, _ advice: Int32) {
    let pages = pageRange(of: range)
    guard !pages.isEmpty else { return }
    // This is only advice: if a kernel does not accept it, nothing changes.
    _ = unsafe madvise(
      UnsafeMutableRawPointer(mutating: mapped.baseAddress! + pages.lowerBound), pages.count, advice)
  }

  /// A range within the file, from the beginning of its first page.
  private func pageRange(of range: Range<Int>) -> Range<Int> {
    let range = range.clamped(to: 0..<byteCount)
    return range.isEmpty
      ? range : range.lowerBound / Self.pageByteCount * Self.pageByteCount..<range.upperBound
  }
}
