internal import CImageKernels

extension UniformGather {
  /// Copies the images at a run of positions, or a region of each, from where they lie whole in memory to
  /// their slots.
  ///
  /// - Parameters:
  ///   - memory: the slots of all positions, ``byteCount`` bytes.
  ///   - locate: where the image of an index that has been checked begins; all its bytes are readable there
  ///     until the call ends. Asked once a position, in order, one image before it is copied.
  @inline(__always)
  package func copy(
    _ run: Range<Int>, _ indices: Span<Int>, regions: Span<ImageRegion>,
    into memory: UnsafeMutableRawBufferPointer,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    guard !run.isEmpty, let start = memory.baseAddress else { return }
    let slot = slotByteCount
    var place = unsafe start + run.lowerBound &* slot
    var image = unsafe try locate(indices[run.lowerBound])
    for position in run {
      let ahead = position &+ 1 < run.upperBound ? position &+ 1 : position
      let next = unsafe try locate(indices[ahead])
      if isWhole {
        unsafe image_kernels_copy(place, image, slot, next)
      } else {
        unsafe copyRegion(region(position, of: regions), of: format, from: image, to: place)
      }
      unsafe place += slot
      unsafe image = next
    }
  }
}
