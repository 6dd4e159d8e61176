/// A store that keeps images of another in memory, up to a number of bytes: useful for formats that
/// have to be decoded, and for files on slow or remote storage.
///
///     let train = try FileStore(at: "train").cached(upTo: 4 << 30)
///
/// The images read first are kept until the budget is used up, and none is evicted: an epoch asks for
/// every image once, so each image that is kept is hit once per epoch, and evicting one for another gains
/// nothing. Hits take no lock.
public final class CachedStore: StoreWrapper {
  public let base: any ImageStore
  public let count: Int
  public let format: ImageFormat?
  private let memory: CacheMemory

  init(_ base: any ImageStore, upTo byteCount: Int) throws(StoreError) {
    self.base = base
    count = base.count
    format = base.format
    var budget = max(0, byteCount)
    if let format {
      // No more is asked for than all images take.
      let (all, overflow) = (format.byteCount + 128).multipliedReportingOverflow(by: count)
      if !overflow { budget = min(budget, all) }
    }
    memory = try CacheMemory(byteCount: budget, imageCount: count)
  }

  /// The bytes of pixels kept so far.
  public var cachedByteCount: Int { memory.byteCount }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    let missing = indices.indices.filter { unsafe memory.image(indices[$0]) == nil }
    // A full cache leaves the base to read what is missing, straight to its place and by its own means.
    if missing.count == indices.count && memory.isFull {
      return try base.read(indices, regions: regions, into: &destination)
    }
    try unsafe destination.appendBytes(plan.byteCount) { (bytes) throws(StoreError) in
      for position in indices.indices {
        guard let image = unsafe memory.image(indices[position]) else { continue }
        unsafe plan.copy(image, to: position, in: bytes)
      }
      guard !missing.isEmpty else { return }
      let wanted = missing.map { indices[$0] }
      if memory.isFull {
        try unsafe readMissing(wanted, at: missing, of: plan, into: bytes)
      } else {
        try borrow(wanted) { (number, pixels) throws(StoreError) in
          unsafe pixels.withUnsafeBytes { unsafe plan.copy($0.baseAddress!, to: missing[number], in: bytes) }
        }
      }
    }
  }

  /// Lets the base read the images that are not kept and will not be: only the regions that are
  /// asked for.
  private func readMissing(
    _ wanted: [Int], at positions: [Int], of plan: borrowing GatherPlan,
    into bytes: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    var regions: [ImageRegion] = []
    if plan.hasRegionEach {
      for position in positions { regions.append(plan.region(at: position)) }
    } else if plan.regions.count == 1 {
      regions = [plan.regions[0]]
    }
    let layout = BatchLayout(positions.map { plan.layout[$0] })
    let scratch = try PixelMemory(capacity: layout.byteCount)
    try scratch.fill { (output) throws(StoreError) in
      try base.read(wanted.span, regions: regions.span, into: &output)
    }
    guard scratch.byteCount == layout.byteCount else {
      throw StoreError(
        .corrupt, "the store gave \(scratch.byteCount) bytes of pixels instead of \(layout.byteCount)")
    }
    for (number, position) in positions.enumerated() {
      unsafe plan.slot(of: position, in: bytes).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: scratch.bytes[layout.byteRange(of: number)]))
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      guard indices[position] >= 0 && indices[position] < count else {
        throw .indexOutOfRange(indices[position], count: count)
      }
    }
    // Runs of images that are not kept go to the base in one call, so that order is kept.
    var position = 0
    while position < indices.count {
      let index = indices[position]
      if let image = unsafe memory.image(index) {
        let format = try knownFormat(index)
        let bytes = unsafe UnsafeRawBufferPointer(start: image, count: format.byteCount)
        try unsafe body(position, format, RawSpan(_unsafeBytes: bytes))
        position += 1
        continue
      }
      var run: [Int] = []
      while position + run.count < indices.count {
        let next = indices[position + run.count]
        guard unsafe memory.image(next) == nil else { break }
        run.append(next)
      }
      try borrow(run) { (number, pixels) throws(StoreError) in
        try body(position + number, knownFormat(run[number]), pixels)
      }
      position += run.count
    }
  }

  /// Borrows images from the base and keeps those that there is room for. The base must lend all of
  /// them, in order and in the format that it announces, because kept images are read in that
  /// format.
  private func borrow(
    _ indices: [Int], _ body: (_ position: Int, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var done = 0
    try base.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
      guard position == done, done < indices.count, try format == knownFormat(indices[done]),
        pixels.byteCount == format.byteCount
      else {
        throw StoreError(
          .corrupt, "the pixels borrowed are not those announced",
          image: done < indices.count ? indices[done] : nil)
      }
      memory.keep(indices[position], pixels)
      try body(position, pixels)
      done += 1
    }
    guard done == indices.count else {
      throw StoreError(.corrupt, "the store gave \(done) images instead of \(indices.count)")
    }
  }

  private func knownFormat(_ index: Int) throws(StoreError) -> ImageFormat {
    if let format { return format }
    return try base.format(at: index)
  }
}

extension GatherPlan {
  /// Copies a whole image, or the region of it that is asked for, to the slot of a position.
  fileprivate func copy(
    _ image: UnsafeRawPointer, to position: Int, in bytes: UnsafeMutableRawBufferPointer
  ) {
    unsafe copyRegion(
      region(at: position), of: format(at: position), from: image,
      to: slot(of: position, in: bytes).baseAddress!)
  }
}

extension ImageStore {
  /// This store with some of its images kept in memory.
  ///
  /// - Parameter byteCount: the budget: pixels, aligned to 64 bytes, and 4 bytes for every image of the
  ///   store.
  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  public func cached(upTo byteCount: Int) throws(StoreError) -> CachedStore {
    try CachedStore(self, upTo: byteCount)
  }
}
