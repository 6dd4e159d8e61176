// What a store gets that does not have it of its own.

extension ImageStore {
  public var classNames: [String]? { nil }
  public var columnNames: [String] { [] }
  public var sourcePaths: [String] { [] }
  public var lendsWithoutCopy: Bool { false }

  public func column(_ name: String) throws(StoreError) -> Column {
    throw .noColumn(name, among: columnNames)
  }

  public func advise(_ pattern: AccessPattern) {}

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    try verifyByReading(progress: progress)
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {}
}

extension ImageStore {
  /// Reads labels, columns and every image, and drops them: what a store does to verify itself when
  /// its format checks everything on reading.
  package func verifyByReading(progress: (_ checked: Int) -> Void) throws(StoreError) {
    if let labels = try labels(), labels.count != count {
      throw StoreError(.corrupt, "\(labels.count) labels for \(count) images")
    }
    for name in columnNames {
      let values = try column(name).count
      guard values == count else {
        throw StoreError(.corrupt, "\(values) values for \(count) images", key: name)
      }
    }
    let step = 1024
    var start = 0
    while start < count {
      let end = min(start + step, count)
      try forEachImage(start..<end) { (_, _, _) throws(StoreError) in }
      progress(end)
      start = end
    }
  }
}

extension ImageStore {
  /// Appends images by copying what ``forEachImage(_:_:)`` lends, or the regions of it.
  ///
  /// What a store gets that has no read of its own. Arguments are checked before the first copy, and what is
  /// lent against what was announced. A store that decodes straight to its destination, has less to do for a
  /// region, or uses several threads does better itself.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let byteCount = try deliveredByteCount(indices, regions: regions)
    try unsafe destination.appendBytes(byteCount) { (memory) throws(StoreError) in
      var end = 0
      try forEachImage(indices) { (position, format, pixels) throws(StoreError) in
        let region =
          regions.isEmpty ? ImageRegion(wholeOf: format) : regions[regions.count == 1 ? 0 : position]
        guard pixels.byteCount == format.byteCount, region.isContained(in: format),
          format.cropped(to: region).byteCount <= memory.count - end
        else {
          throw StoreError(.corrupt, "the pixels lent are not those announced", image: indices[position])
        }
        // The image has all of the region, and the destination room for it.
        unsafe pixels.withUnsafeBytes {
          unsafe copyRegion(region, of: format, from: $0.baseAddress!, to: memory.baseAddress! + end)
        }
        end += format.cropped(to: region).byteCount
      }
      guard end == memory.count else {
        throw StoreError(.corrupt, "\(end) bytes of pixels lent where \(memory.count) were announced")
      }
    }
  }

  /// The bytes that images, or regions of them, take together, once every argument has been checked.
  private func deliveredByteCount(
    _ indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> Int {
    if let format {
      return try UniformGather(indices, regions: regions, of: count, format: format).byteCount
    }
    if !regions.isEmpty { try checkRegionCount(regions.count, images: indices.count) }
    var total = 0
    for position in indices.indices {
      var format = try format(at: indices[position])
      if !regions.isEmpty {
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else {
          throw .outside(region, of: format, image: indices[position])
        }
        try checkSameSize(region, as: regions[0])
        format = format.cropped(to: region)
      }
      let (sum, overflows) = total.addingReportingOverflow(format.byteCount)
      guard !overflows else {
        throw StoreError(
          .limitExceeded, "\(indices.count) images in one call", remedy: "read fewer images a call")
      }
      total = sum
    }
    return total
  }
}
