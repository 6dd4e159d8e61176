public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    guard let format else { return try readMixed(indices, regions: regions, into: &destination) }
    let gather = try UniformGather(indices, regions: regions, of: count, format: format)
    try unsafe destination.appendBytes(gather.byteCount) { (memory) throws(StoreError) in
      let slot = gather.slotByteCount
      try decode(gather.count) { (reader, position) throws(StoreError) in
        let place = unsafe UnsafeMutableRawBufferPointer(
          rebasing: memory[position * slot..<(position + 1) * slot])
        try unsafe reader.decode(
          indices[position], of: contents.paths, in: folder, as: format,
          region: gather.isWhole ? nil : regions[gather.hasRegionEach ? position : 0], into: place)
      }
    }
  }

  /// Reads images of which each has its own format, found in its header.
  private func readMixed(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var places: [Place] = []
    places.reserveCapacity(indices.count)
    var end = 0
    for position in indices.indices {
      let index = indices[position]
      let format = try format(at: index)
      var delivered = format
      if regions.count > 0 {
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else { throw .outside(region, of: format, image: index) }
        try checkSameSize(region, as: regions[0])
        delivered = format.cropped(to: region)
      }
      places.append(Place(format: format, range: end..<end + delivered.byteCount))
      end += delivered.byteCount
    }
    try unsafe destination.appendBytes(end) { (memory) throws(StoreError) in
      try decode(places.count) { (reader, position) throws(StoreError) in
        let place = places[position]
        try unsafe reader.decode(
          indices[position], of: contents.paths, in: folder, as: place.format,
          region: regions.count == 0 ? nil : regions[regions.count == 1 ? 0 : position],
          into: UnsafeMutableRawBufferPointer(rebasing: memory[place.range]))
      }
    }
  }

  private struct Place {
    var format: ImageFormat
    var range: Range<Int>
  }

  /// Calls `body` for each of `count` positions on all threads, with a reader of the thread's own.
  private func decode(
    _ count: Int, _ body: (_ reader: PNGFileReader, _ position: Int) throws(StoreError) -> Void
  ) throws(StoreError) {
    try Workers.performRuns(of: count, minimum: 4, threads: threads) { (run) throws(StoreError) in
      try readers.withObject { (reader) throws(StoreError) in
        for position in run { try body(reader, position) }
      }
    }
  }

  /// Lends images that are decoded some megabytes at a time, on all threads.
  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var batch = ImageBatch()
    var start = 0
    while start < indices.count {
      let end = try endOfRun(of: indices, from: start)
      var run: [Int] = []
      for position in start..<end { run.append(indices[position]) }
      try readPixels(run, into: &batch)
      for position in 0..<run.count {
        try body(
          start + position, batch.layout[position],
          batch.pixels.extracting(batch.layout.byteRange(of: position)))
      }
      start = end
    }
  }

  /// The end of a run of at most 256 images and four megabytes, or of one image.
  private func endOfRun(of indices: Span<Int>, from start: Int) throws(StoreError) -> Int {
    let most = min(indices.count, start + 256)
    if let format { return min(most, start + max(1, (4 << 20) / format.byteCount)) }
    var end = start
    var total = 0
    while end < most {
      total += try format(at: indices[end]).byteCount
      if end > start && total > 4 << 20 { break }
      end += 1
    }
    return max(end, start + 1)
  }

  /// Reads and decodes every image, which checks the checksums of PNG, those of text and profiles too, and compares `labels.csv` with the
  /// checksum in `store.json`, where there is one.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyNames()
    try verifyAnnotations()
    // In the decoder's own memory, a thread one image at a time.
    let verifiers = IdlePool { () throws(StoreError) in try PNGFileReader(checksEveryChunk: true) }
    let uniform: ImageFormat? = if case .uniform(let format) = contents.format { format } else { nil }
    let step = 1024
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      try Workers.performRuns(of: end - start, minimum: 4, threads: threads) { (run) throws(StoreError) in
        try verifiers.withObject { (reader) throws(StoreError) in
          for position in run {
            try reader.verify(start + position, of: contents.paths, in: folder, as: uniform)
          }
        }
      }
      progress(end)
    }
  }

  /// PNG has a checksum of every chunk.
  public var checksumCoverage: ChecksumCoverage { .allImages }

  /// Compares `labels.csv`, which names the images, with the checksum in `store.json`, where there is one;
  /// decoding checks pixels.
  public func verify(_ indices: Span<Int>) throws(StoreError) { try verifyNames() }

  /// Checks that `labels.csv` and `store.json` are those that were written, where there is a `store.json`.
  func verifyNames() throws(StoreError) {
    if contents.description?.isIntact == false {
      throw StoreError(
        .corrupt, "the file does not agree with its checksum",
        remedy: "restore it; if the change is meant, remove the key crc32",
        path: "\(path)/\(StoreDescription.fileName)")
    }
    if contents.description != nil, contents.state == nil {
      throw StoreError(
        .corrupt, "the file is not the one that store.json describes",
        remedy: "restore it; if the change is meant, remove store.json, or convert to a new store",
        path: "\(path)/\(FolderContents.labelsFileName)")
    }
    if let state = contents.state, state.count != count {
      throw StoreError(
        .corrupt, "\(count) images where store.json has \(state.count)", path: path)
    }
  }
}
