internal import CImageStoreKernels

// Gathers from images that are whole in memory: a map, a cache, a decoded set.

extension GatherPlan {
  /// Larger gathers than this are written around the caches, which could not keep them: memory need
  /// not be fetched before it is overwritten.
  @inline(__always)
  private static var mostCachedByteCount: Int { 32 << 20 }

  /// How many images are located at once, so that looking up one need not wait for another.
  @inline(__always)
  private static var locatedCount: Int { 16 }
  /// How many images before an image is copied its page is looked up.
  @inline(__always)
  private static var lead: Int { 4 }

  /// Copies the images at a run of positions, or a region of each, from where they are whole in memory to
  /// their slots.
  ///
  /// - Parameters:
  ///   - memory: the slots of all positions, ``byteCount`` bytes.
  ///   - locate: where the image of an index that has been checked begins; all its bytes are readable there
  ///     until the call ends. Asked once per position, in order, some images before it is copied.
  @inline(__always)
  package func copy(
    _ run: Range<Int>, into memory: UnsafeMutableRawBufferPointer,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    guard !run.isEmpty, let start = memory.baseAddress else { return }
    guard let format = uniformFormat else {
      for position in run {
        unsafe copyRegion(
          region(at: position), of: self.format(at: position), from: try locate(indices[position]),
          to: start + byteRange(of: position).lowerBound)
      }
      return
    }
    // Regions of one size have slots of one size.
    let slot = layout.uniformFormat?.byteCount
    let isCached = memory.count <= Self.mostCachedByteCount
    let images = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: Self.locatedCount + Self.lead)
    defer { unsafe images.deallocate() }
    var located = 0
    for first in stride(from: run.lowerBound, to: run.upperBound, by: Self.locatedCount) {
      let count = min(Self.locatedCount, run.upperBound &- first)
      // Those that the last ones of this part are followed by.
      let last = min(count &+ Self.lead, run.upperBound &- first) &- 1
      for offset in located..<last &+ 1 { unsafe images[offset] = try locate(indices[first &+ offset]) }
      for offset in 0..<count {
        unsafe image_kernels_prefetch_ends(images[min(offset &+ Self.lead, last)], format.byteCount)
        let image = unsafe images[offset]
        let next = unsafe images[min(offset &+ 1, last)]
        let position = first &+ offset
        let target = unsafe start + (slot.map { position &* $0 } ?? byteRange(of: position).lowerBound)
        if !isWhole {
          unsafe copyRegion(regions[hasRegionEach ? position : 0], of: format, from: image, to: target)
        } else if isCached {
          unsafe image_kernels_copy(target, image, format.byteCount, next)
        } else {
          unsafe image_kernels_copy_around_cache(target, image, format.byteCount, next)
        }
      }
      located = last &+ 1 &- count
      unsafe images.update(from: images + count, count: located)
    }
    if !isCached { image_kernels_end_copies_around_cache() }
  }
}

extension OutputRawSpan {
  /// Appends what a plan gathers from images that are whole in memory.
  ///
  /// - Parameter locate: as of ``GatherPlan/copy(_:into:locate:)``.
  package mutating func gather(
    _ plan: borrowing GatherPlan, locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    try unsafe appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try unsafe plan.copy(0..<plan.count, into: memory, locate: locate)
    }
  }
}

/// Copies a region of an image's rows, or all of it, to the caller's memory.
///
/// The image at `source` has `format`; `region` has been checked against it; `destination` has room
/// for the region.
@inline(__always)
package func copyRegion(
  _ region: ImageRegion, of format: ImageFormat, from source: UnsafeRawPointer,
  to destination: UnsafeMutableRawPointer
) {
  let rowBytes = region.width &* format.bytesPerPixel
  let stride = format.bytesPerRow
  var from = unsafe source + (region.row &* stride &+ region.column &* format.bytesPerPixel)
  if rowBytes == stride {
    unsafe destination.copyMemory(from: from, byteCount: region.height &* rowBytes)
    return
  }
  var to = unsafe destination
  for _ in 0..<region.height {
    unsafe to.copyMemory(from: from, byteCount: rowBytes)
    unsafe from += stride
    unsafe to += rowBytes
  }
}
