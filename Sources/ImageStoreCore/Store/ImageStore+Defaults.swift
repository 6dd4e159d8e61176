// Default implementations of the requirements of stores.

extension ImageStore {
  public var classNames: [String]? { nil }
  public var columnNames: [String] { [] }
  public var sourcePaths: [String] { [] }
  public var notes: [ReadingNote] { [] }
  public var isZeroCopy: Bool { false }

  public func column(_ name: String) throws(StoreError) -> Column {
    throw .noColumn(name, among: columnNames)
  }

  public func advise(_ pattern: AccessPattern) {}
  public func willRead(_ indices: Span<Int>) {}
  public func residentShare() -> Double { 1 }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    let hasChecksums = checksumCoverage != .noImages
    try verifyByReading(progress: progress) { (indices) throws(StoreError) in
      if hasChecksums { try verify(indices) }
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    guard checksumCoverage == .noImages || indices.isEmpty else {
      throw StoreError(
        .unsupported, "the store says that it has checksums, but does not check them",
        remedy: "implement verify(_:) in its type")
    }
  }
}

extension ImageStore {
  /// Reads labels, columns and every image, and drops them. A store verifies itself in this way if
  /// its format checks everything on reading.
  ///
  /// - Parameter check: does any further checks of some images.
  package func verifyByReading(
    progress: (_ checked: Int) -> Void, check: (_ indices: Span<Int>) throws(StoreError) -> Void = { _ in }
  ) throws(StoreError) {
    try verifyAnnotations()
    let step = 1024
    var start = 0
    while start < count {
      let end = min(start + step, count)
      let indices = Array(start..<end)
      try check(indices.span)
      try forEachImage(indices.span) { (_, _, _) throws(StoreError) in }
      progress(end)
      start = end
    }
  }

  /// Reads labels and columns and drops them.
  package func verifyAnnotations() throws(StoreError) {
    if let labels = try labels(), labels.count != count {
      throw StoreError(.corrupt, "\(labels.count) labels for \(count) images")
    }
    for name in columnNames {
      let values = try column(name).count
      guard values == count else {
        throw StoreError(.corrupt, "\(values) values for \(count) images", key: name)
      }
    }
  }
}

extension ImageStore {
  /// Appends images by copying what ``forEachImage(_:_:)`` lends, or the regions of it.
  ///
  /// Stores without a read of their own get this one. Arguments are checked before the first copy,
  /// and lent pixels are compared with their announced format. A store is faster with a read of its
  /// own if it can decode straight to the destination, has less to do for a region, or uses several
  /// threads.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      var done = 0
      try forEachImage(indices) { (position, format, pixels) throws(StoreError) in
        guard position == done, done < plan.count, format == plan.format(at: position),
          pixels.byteCount == format.byteCount
        else {
          throw StoreError(
            .corrupt, "the pixels lent are not those announced",
            image: done < plan.count ? indices[done] : nil)
        }
        // The image has all of the region, and the slot is as large.
        let slot = unsafe plan.slot(of: position, in: memory)
        unsafe pixels.withUnsafeBytes {
          unsafe copyRegion(
            plan.region(at: position), of: format, from: $0.baseAddress!, to: slot.baseAddress!)
        }
        done += 1
      }
      guard done == plan.count else {
        throw StoreError(.corrupt, "the store lent \(done) images of \(plan.count)")
      }
    }
  }
}
