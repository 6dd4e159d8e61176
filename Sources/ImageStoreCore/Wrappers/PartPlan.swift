/// The indices of a gather over several parts, sorted by part.
///
/// The images are read into slots in that order, then moved to the positions they were asked for at.
struct PartPlan {
  /// The index within its part of the image in each slot.
  let localIndices: [Int]
  /// The position at which the image in each slot was asked for.
  let positions: [Int]
  /// The parts that have a share in the gather, with the slots of each.
  let shares: [(part: Int, slots: Range<Int>)]
  /// Whether every image is read straight to its place.
  let isInOrder: Bool

  /// Sorts indices, which have been checked, by counting; images of one part keep their order.
  init(_ indices: Span<Int>, in store: ConcatenatedStore) {
    let count = indices.count
    var partOfPosition = [Int](repeating: 0, count: count)
    var ends = [Int](repeating: 0, count: store.parts.count)
    var isInOrder = true
    var part = 0
    for position in 0..<count {
      let index = indices[position]
      if index < store.starts[part] || index >= store.starts[part + 1] {
        let next = store.part(of: index)
        if next < part { isInOrder = false }
        part = next
      }
      partOfPosition[position] = part
      ends[part] += 1
    }
    var shares: [(part: Int, slots: Range<Int>)] = []
    var end = 0
    for part in ends.indices {
      let start = end
      end += ends[part]
      ends[part] = start
      if end > start { shares.append((part, start..<end)) }
    }
    var localIndices = [Int](repeating: 0, count: count)
    var positions = localIndices
    for position in 0..<count {
      let part = partOfPosition[position]
      let slot = ends[part]
      ends[part] += 1
      localIndices[slot] = indices[position] - store.starts[part]
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
        var place = first
        while slotOfPosition[place] != first {
          let source = slotOfPosition[place]
          unsafe (base + place * slotByteCount).copyMemory(
            from: base + source * slotByteCount, byteCount: slotByteCount)
          slotOfPosition[place] = place
          place = source
        }
        unsafe (base + place * slotByteCount).copyMemory(from: spare, byteCount: slotByteCount)
        slotOfPosition[place] = place
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
