public import ImageStoreCore

/// A store that keeps images of another in memory, up to a number of bytes: for formats that decode,
/// and for files far away.
///
///     let train = try FileStore(at: "train").cached(upTo: 4 << 30)
///
/// The images read first are kept until the budget is used up, and none is let go of: an epoch asks for
/// every image once, so whatever is kept is hit once an epoch, and putting one out for another gains
/// nothing. Hits take no lock.
public final class CachedStore: ImageStore {
  /// The store that is read from.
  public let base: any ImageStore
  private let memory: CacheMemory
  public let count: Int
  public let format: ImageFormat?

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
    memory = try CacheMemory(byteCount: budget, imageCount: base.count)
  }

  /// The bytes of pixels kept so far.
  public var cachedByteCount: Int { memory.byteCount }

  public var classNames: [String]? { base.classNames }
  public var columnNames: [String] { base.columnNames }
  public var sourcePaths: [String] { base.sourcePaths }
  public var isZeroCopy: Bool { base.isZeroCopy }
  public var checksumCoverage: ChecksumCoverage { base.checksumCoverage }
  public func format(at index: Int) throws(StoreError) -> ImageFormat { try base.format(at: index) }
  public func labels() throws(StoreError) -> [Int]? { try base.labels() }
  public func column(_ name: String) throws(StoreError) -> Column { try base.column(name) }
  public func advise(_ pattern: AccessPattern) { base.advise(pattern) }

  /// Verifies the store underneath.
  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try base.verify(progress: progress)
  }

  /// Verifies images of the store underneath, whether they are kept or not.
  public func verify(_ indices: Span<Int>) throws(StoreError) { try base.verify(indices) }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let layout = try layout(indices, regions)
    guard layout.byteCount <= destination.freeCapacity else {
      throw StoreError(
        .invalidArgument,
        "room for \(destination.freeCapacity) bytes where \(layout.byteCount) are to be written")
    }
    let missing = missingPositions(indices)
    // A full cache leaves the base to read what it has not, straight to its place and by its own means.
    if missing.count == indices.count && memory.isFull {
      return try base.read(indices, regions: regions, into: &destination)
    }
    try unsafe destination.appendBytes(layout.byteCount) { (bytes) throws(StoreError) in
      func deliver(_ position: Int, _ format: ImageFormat, _ image: UnsafeRawPointer) {
        let region =
          regions.count == 0
          ? ImageRegion(wholeOf: format) : regions[regions.count == 1 ? 0 : position]
        let place = layout.byteRange(of: position).lowerBound
        unsafe copyRegion(region, of: format, from: image, to: bytes.baseAddress! + place)
      }
      for position in indices.indices {
        guard let image = unsafe memory.image(indices[position]) else { continue }
        unsafe deliver(position, try formatOfKnown(indices[position]), image)
      }
      let wanted = missing.map { indices[$0] }
      guard !memory.isFull else {
        return try unsafe readMissing(wanted, at: missing, regions, layout, into: bytes)
      }
      try base.forEachImage(wanted.span) { (place, format, pixels) throws(StoreError) in
        memory.keep(wanted[place], pixels)
        unsafe pixels.withUnsafeBytes { unsafe deliver(missing[place], format, $0.baseAddress!) }
      }
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
        let format = try formatOfKnown(index)
        let bytes = unsafe UnsafeRawBufferPointer(start: image, count: format.byteCount)
        try unsafe withRawSpan(of: bytes) { (pixels) throws(StoreError) in
          try body(position, format, pixels)
        }
        position += 1
        continue
      }
      var run: [Int] = []
      while position + run.count < indices.count {
        let next = indices[position + run.count]
        guard unsafe memory.image(next) == nil else { break }
        run.append(next)
      }
      try base.forEachImage(run.span) { (place, format, pixels) throws(StoreError) in
        memory.keep(run[place], pixels)
        try body(position + place, format, pixels)
      }
      position += run.count
    }
  }
}

extension CachedStore {
  /// Has the base read, by its own means and regions alone, what is not kept and is not going to be.
  private func readMissing(
    _ wanted: [Int], at positions: [Int], _ regions: Span<ImageRegion>, _ layout: BatchLayout,
    into bytes: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard !wanted.isEmpty else { return }
    let wantedRegions =
      regions.count > 1 ? positions.map { regions[$0] } : regions.count == 1 ? [regions[0]] : []
    let wantedLayout = BatchLayout(positions.map { layout[$0] })
    var scratch = BatchMemory()
    try scratch.fill(wantedLayout.byteCount) { (output) throws(StoreError) in
      try base.read(wanted.span, regions: wantedRegions.span, into: &output)
    }
    for (place, position) in positions.enumerated() {
      let source = wantedLayout.byteRange(of: place)
      let target = layout.byteRange(of: position).lowerBound
      unsafe (bytes.baseAddress! + target).copyMemory(
        from: scratch.bytes.baseAddress! + source.lowerBound, byteCount: source.count)
    }
  }

  private func formatOfKnown(_ index: Int) throws(StoreError) -> ImageFormat {
    if let format { return format }
    return try base.format(at: index)
  }

  /// The positions whose images are not kept.
  private func missingPositions(_ indices: Span<Int>) -> [Int] {
    var missing: [Int] = []
    for position in indices.indices where unsafe memory.image(indices[position]) == nil {
      missing.append(position)
    }
    return missing
  }

  /// How what is asked for lies in memory; checks indices and regions.
  private func layout(
    _ indices: Span<Int>, _ regions: Span<ImageRegion>
  ) throws(StoreError) -> BatchLayout {
    if let format {
      let gather = try UniformGather(indices, regions: regions, of: count, format: format)
      return BatchLayout(gather.delivered, count: gather.count)
    }
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var formats: [ImageFormat] = []
    formats.reserveCapacity(indices.count)
    for position in indices.indices {
      let format = try base.format(at: indices[position])
      guard regions.count > 0 else {
        formats.append(format)
        continue
      }
      let region = regions[regions.count == 1 ? 0 : position]
      guard region.isContained(in: format) else {
        throw .outside(region, of: format, image: indices[position])
      }
      try checkSameSize(region, as: regions[0])
      formats.append(format.cropped(to: region))
    }
    return BatchLayout(formats)
  }
}

extension ImageStore {
  /// This store with some of its images kept in memory.
  ///
  /// - Parameter byteCount: the budget: pixels, aligned to 64 bytes, and 4 bytes for every image of the
  ///   store.
  /// - Throws: ``StoreError/Code/limitExceeded`` where the system has not so much memory.
  public func cached(upTo byteCount: Int) throws(StoreError) -> CachedStore {
    try CachedStore(self, upTo: byteCount)
  }
}
