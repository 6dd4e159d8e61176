// A gather over several stores: one call per store, then each image is moved to its position.

extension ConcatenatedStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    // Everything is checked here first, since a store that refuses its share would leave behind what
    // the stores before it appended.
    let layout = try GatherPlan(indices, regions: regions, in: self).layout
    guard layout.byteCount <= destination.freeCapacity else {
      throw StoreError(
        .invalidArgument,
        "the destination has room for \(destination.freeCapacity) bytes, but \(layout.byteCount) have to be read",
        remedy: "give room for the sum of the sizes of the images")
    }
    guard indices.count > 0 else { return }
    let sorted = SortedGather(indices, in: self)
    let appended = destination.byteCount
    for (store, range) in sorted.shares {
      try readShare(sorted, store, range, regions: regions, into: &destination)
    }
    guard destination.byteCount - appended == layout.byteCount else {
      throw StoreError(
        .corrupt,
        "\(destination.byteCount - appended) bytes of pixels instead of the \(layout.byteCount) announced")
    }
    guard !sorted.isInOrder else { return }
    try unsafe destination.withUnsafeMutableBytes { (memory, initialized) throws(StoreError) in
      let images = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[appended..<initialized])
      if let format = layout.uniformFormat {
        unsafe sorted.permute(images, slotByteCount: format.byteCount)
      } else {
        try unsafe sorted.scatter(images, layout: layout)
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try forEachRun(of: indices) { (store, start, local) throws(StoreError) in
      try store.forEachImage(local) { (position, format, pixels) throws(StoreError) in
        try body(start + position, format, pixels)
      }
    }
  }

  /// Calls once for each run of images that one store has, since lending keeps the order.
  ///
  /// - Parameter body: gets the store, the position of the run's first image, and the indices that
  ///   the images have in the store.
  func forEachRun(
    of indices: Span<Int>,
    _ body: (_ store: any ImageStore, _ start: Int, _ local: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    }
    var start = 0
    while start < indices.count {
      let number = storeNumber(of: indices[start])
      let range = starts[number]..<starts[number + 1]
      var local: [Int] = []
      while start + local.count < indices.count, range.contains(indices[start + local.count]) {
        local.append(indices[start + local.count] - range.lowerBound)
      }
      try body(stores[number], start, local.span)
      start += local.count
    }
  }

  /// Appends the images that one store gives.
  private func readShare(
    _ sorted: SortedGather, _ number: Int, _ range: Range<Int>, regions: Span<ImageRegion>,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let share = sorted.localIndices.span.extracting(range)
    guard regions.count > 1, !sorted.isInOrder else {
      let own = regions.count > 1 ? regions.extracting(range) : regions
      return try stores[number].read(share, regions: own, into: &destination)
    }
    var own: [ImageRegion] = []
    own.reserveCapacity(range.count)
    for slot in range { own.append(regions[sorted.positions[slot]]) }
    try stores[number].read(share, regions: own.span, into: &destination)
  }
}

/// The indices of a gather over several stores, sorted by store.
///
/// The images are read into slots in that order, then moved to the positions they were asked for at.
private struct SortedGather {
  /// The index within its store of the image in each slot.
  let localIndices: [Int]
  /// The position at which the image in each slot was asked for.
  let positions: [Int]
  /// The stores that have a share in the gather, with the slots of each.
  let shares: [(store: Int, slots: Range<Int>)]
  /// Whether every image is read straight to its position.
  let isInOrder: Bool

  /// Sorts indices, which have been checked, by counting; images of one store keep their order.
  init(_ indices: Span<Int>, in concatenated: ConcatenatedStore) {
    let (count, starts) = (indices.count, concatenated.starts)
    var storeOfPosition = [Int](repeating: 0, count: count)
    var ends = [Int](repeating: 0, count: concatenated.stores.count)
    var isInOrder = true
    var store = 0
    for position in 0..<count {
      let index = indices[position]
      if index < starts[store] || index >= starts[store + 1] {
        let next = concatenated.storeNumber(of: index)
        if next < store { isInOrder = false }
        store = next
      }
      storeOfPosition[position] = store
      ends[store] += 1
    }
    var shares: [(store: Int, slots: Range<Int>)] = []
    var end = 0
    for store in ends.indices {
      let start = end
      end += ends[store]
      ends[store] = start
      if end > start { shares.append((store, start..<end)) }
    }
    var localIndices = [Int](repeating: 0, count: count)
    var positions = localIndices
    for position in 0..<count {
      let store = storeOfPosition[position]
      let slot = ends[store]
      ends[store] += 1
      localIndices[slot] = indices[position] - starts[store]
      positions[slot] = position
    }
    self.localIndices = localIndices
    self.positions = positions
    self.shares = shares
    self.isInOrder = isInOrder
  }

  /// Moves images of one size from their slots to their positions, each once, with room for one more.
  ///
  /// `images` has a slot of `slotByteCount` bytes for each image.
  func permute(_ images: UnsafeMutableRawBufferPointer, slotByteCount: Int) {
    let base = images.baseAddress!
    var slotOfPosition = [Int](repeating: 0, count: positions.count)
    for slot in positions.indices { slotOfPosition[positions[slot]] = slot }
    unsafe withUnsafeTemporaryAllocation(byteCount: slotByteCount, alignment: 64) { spare in
      let spare = spare.baseAddress!
      for first in slotOfPosition.indices where slotOfPosition[first] != first {
        // Follows one cycle of the permutation: the slot just emptied takes the image that belongs there.
        unsafe spare.copyMemory(from: base + first * slotByteCount, byteCount: slotByteCount)
        var target = first
        while slotOfPosition[target] != first {
          let source = slotOfPosition[target]
          unsafe (base + target * slotByteCount).copyMemory(
            from: base + source * slotByteCount, byteCount: slotByteCount)
          slotOfPosition[target] = target
          target = source
        }
        unsafe (base + target * slotByteCount).copyMemory(from: spare, byteCount: slotByteCount)
        slotOfPosition[target] = target
      }
    }
  }

  /// Moves images of different sizes from their slots to their positions, by way of a copy of all.
  ///
  /// `layout` says where the image of each position belongs in `images`.
  func scatter(
    _ images: UnsafeMutableRawBufferPointer, layout: BatchLayout
  ) throws(StoreError) {
    let copy = try PixelMemory(capacity: images.count)
    try copy.append { (output) throws(StoreError) in
      try unsafe output.appendBytes(images.count) { (memory) throws(StoreError) in
        unsafe memory.copyMemory(from: UnsafeRawBufferPointer(images))
      }
    }
    let sorted = unsafe copy.bytes
    var start = 0
    for position in positions {
      let target = layout.byteRange(of: position)
      unsafe UnsafeMutableRawBufferPointer(rebasing: images[target]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: sorted[start..<start + target.count]))
      start += target.count
    }
  }
}
