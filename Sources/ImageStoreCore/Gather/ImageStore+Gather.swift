// Gathers for stores whose images lie whole in memory: a map, a cache, a decoded set.

/// Copies a region of an image's rows, or all of it, to a place in the caller's memory.
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

extension OutputRawSpan {
  /// Appends images of one format that lie whole in memory: one check a call, one copy an image.
  ///
  /// - Parameter locate: where the image of an index in `0..<imageCount` begins; all its bytes are
  ///   readable there until the call ends.
  package mutating func gather(
    _ indices: Span<Int>, regions: Span<ImageRegion>, of imageCount: Int, format: ImageFormat,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    let gather = try UniformGather(indices, regions: regions, of: imageCount, format: format)
    try unsafe appendBytes(gather.byteCount) { (memory) throws(StoreError) in
      try unsafe gather.copy(0..<gather.count, indices, regions: regions, into: memory, locate: locate)
    }
  }

  /// Appends images that lie whole in memory, each of its own format.
  ///
  /// - Parameter locate: the format of the image of an index, checked by it to exist, and where it
  ///   begins.
  package mutating func gatherMixed(
    _ indices: Span<Int>, regions: Span<ImageRegion>,
    locate: (_ index: Int) throws(StoreError) -> (format: ImageFormat, image: UnsafeRawPointer)
  ) throws(StoreError) {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var byteCount = 0
    for position in indices.indices {
      let format = try unsafe locate(indices[position]).format
      guard regions.count > 0 else {
        byteCount += format.byteCount
        continue
      }
      let region = regions[regions.count == 1 ? 0 : position]
      guard region.isContained(in: format) else {
        throw .outside(region, of: format, image: indices[position])
      }
      try checkSameSize(region, as: regions[0])
      byteCount += region.height * region.width * format.bytesPerPixel
    }
    try unsafe appendBytes(byteCount) { (memory) throws(StoreError) in
      guard byteCount > 0 else { return }
      var place = memory.baseAddress!
      for position in indices.indices {
        let (format, image) = try unsafe locate(indices[position])
        let region =
          regions.count == 0
          ? ImageRegion(wholeOf: format) : regions[regions.count == 1 ? 0 : position]
        unsafe copyRegion(region, of: format, from: image, to: place)
        unsafe place += region.height * region.width * format.bytesPerPixel
      }
    }
  }
}
