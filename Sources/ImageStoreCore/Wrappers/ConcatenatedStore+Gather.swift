// A gather over several stores: one call a part, then each image is moved to its place.

extension ConcatenatedStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    // Everything is checked here first, since a part that refuses its share would leave behind what
    // the parts before it appended.
    let layout = try GatherPlan(indices, regions: regions, in: self).layout
    guard layout.byteCount <= destination.freeCapacity else {
      throw StoreError(
        .invalidArgument, "room for \(destination.freeCapacity) bytes where \(layout.byteCount) are read",
        remedy: "give the sum of the sizes of the images")
    }
    guard indices.count > 0 else { return }
    let plan = PartPlan(indices, in: self)
    let appended = destination.byteCount
    for (part, range) in plan.shares {
      try readShare(plan, part, range, regions: regions, into: &destination)
    }
    guard destination.byteCount - appended == layout.byteCount else {
      throw StoreError(
        .corrupt,
        "\(destination.byteCount - appended) bytes of pixels where \(layout.byteCount) were announced")
    }
    guard !plan.isInOrder else { return }
    try unsafe destination.withUnsafeMutableBytes { (memory, initialized) throws(StoreError) in
      let images = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[appended..<initialized])
      if let format = layout.uniformFormat {
        unsafe plan.permute(images, slotByteCount: format.byteCount)
      } else {
        try unsafe plan.scatter(images, layout: layout)
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    }
    // Lending keeps the order, so each run of images of one part is one call.
    var start = 0
    while start < indices.count {
      let part = part(of: indices[start])
      let range = starts[part]..<starts[part + 1]
      var local: [Int] = []
      while start + local.count < indices.count, range.contains(indices[start + local.count]) {
        local.append(indices[start + local.count] - range.lowerBound)
      }
      try parts[part].forEachImage(local.span) { (position, format, pixels) throws(StoreError) in
        try body(start + position, format, pixels)
      }
      start += local.count
    }
  }

  /// Appends the images that one part gives.
  private func readShare(
    _ plan: PartPlan, _ part: Int, _ range: Range<Int>, regions: Span<ImageRegion>,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let share = plan.localIndices.span.extracting(range)
    guard regions.count > 1, !plan.isInOrder else {
      let own = regions.count > 1 ? regions.extracting(range) : regions
      return try parts[part].read(share, regions: own, into: &destination)
    }
    var own: [ImageRegion] = []
    own.reserveCapacity(range.count)
    for slot in range { own.append(regions[plan.positions[slot]]) }
    try parts[part].read(share, regions: own.span, into: &destination)
  }
}
