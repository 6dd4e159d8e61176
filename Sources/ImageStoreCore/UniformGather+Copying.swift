internal import CImageKernels

extension UniformGather {
  /// What is gathered at once and takes more is written around the caches, which could not keep it:
  /// memory need not be fetched before it is overwritten.
  @inline(__always)
  private static var mostCachedByteCount: Int { 32 << 20 }

  /// Copies the images at a run of positions, or a region of each, from where they lie whole in memory to
  /// their slots.
  ///
  /// - Parameters:
  ///   - memory: the slots of all positions, ``byteCount`` bytes.
  ///   - locate: where the image of an index that has been checked begins; all its bytes are readable there
  ///     until the call ends. Asked once a position, in order, four images before it is copied.
  ///   - entry: what `locate` looks up for an index in a table too large for the nearest cache, which is then
  ///     fetched some images before.
  @inline(__always)
  package func copy(
    _ run: Range<Int>, _ indices: Span<Int>, regions: Span<ImageRegion>,
    into memory: UnsafeMutableRawBufferPointer,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer,
    entry: (_ index: Int) -> UnsafeRawPointer? = { _ in nil }
  ) throws(StoreError) {
    guard !run.isEmpty, let start = memory.baseAddress else { return }
    let slot = slotByteCount
    let isCached = memory.count <= Self.mostCachedByteCount
    let last = run.upperBound &- 1
    var place = unsafe start + run.lowerBound &* slot
    var image = try unsafe locate(indices[run.lowerBound])
    // What follows, nearest first: the page of the farthest is looked up while nearer ones are copied.
    var next = try unsafe locate(indices[min(run.lowerBound &+ 1, last)])
    var third = try unsafe locate(indices[min(run.lowerBound &+ 2, last)])
    var fourth = try unsafe locate(indices[min(run.lowerBound &+ 3, last)])
    for position in run {
      if position &+ 8 <= last, let entry = unsafe entry(indices[position &+ 8]) {
        unsafe image_kernels_prefetch(entry)
      }
      let farthest = try unsafe position &+ 4 <= last ? locate(indices[position &+ 4]) : fourth
      unsafe image_kernels_prefetch_ends(farthest, format.byteCount)
      if isWhole {
        if isCached {
          unsafe image_kernels_copy(place, image, slot, next)
        } else {
          unsafe image_kernels_copy_around_cache(place, image, slot, next)
        }
      } else {
        unsafe copyRegion(region(position, of: regions), of: format, from: image, to: place)
      }
      unsafe place += slot
      unsafe image = next
      unsafe next = third
      unsafe third = fourth
      unsafe fourth = farthest
    }
    if !isCached { image_kernels_end_copies_around_cache() }
  }
}
