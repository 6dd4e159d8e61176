/// A gather from images of one format, with every argument checked once before the first copy.
///
/// A backend makes one a call, then writes position `i` to the bytes
/// `i * slotByteCount ..< (i + 1) * slotByteCount`.
package struct UniformGather: Sendable {
  /// The format of the stored images.
  package let format: ImageFormat
  /// The format of what is delivered: that of the images, or of the regions.
  package let delivered: ImageFormat
  /// Whether whole images are delivered.
  package let isWhole: Bool
  /// Whether each position has a region of its own.
  package let hasRegionEach: Bool
  /// How many images are delivered.
  package let count: Int

  /// The bytes of one delivered image.
  package var slotByteCount: Int { delivered.byteCount }
  /// The bytes of all delivered images.
  package let byteCount: Int

  /// Checks every index against the number of images and every region against their format.
  package init(
    _ indices: Span<Int>, regions: Span<ImageRegion>, of imageCount: Int, format: ImageFormat
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < imageCount else {
        throw .indexOutOfRange(index, count: imageCount)
      }
    }
    self.format = format
    count = indices.count
    hasRegionEach = regions.count > 1
    guard regions.count > 0 else {
      delivered = format
      isWhole = true
      byteCount = try Self.byteCount(of: indices.count, format)
      return
    }
    try checkRegionCount(regions.count, images: indices.count)
    let first = regions[0]
    for position in regions.indices {
      let region = regions[position]
      guard region.isContained(in: format) else {
        throw .outside(region, of: format, image: position < count ? indices[position] : 0)
      }
      try checkSameSize(region, as: first)
    }
    delivered = format.cropped(to: first)
    isWhole = !hasRegionEach && first == ImageRegion(wholeOf: format)
    byteCount = try Self.byteCount(of: indices.count, delivered)
  }

  private static func byteCount(
    of count: Int, _ format: ImageFormat
  ) throws(StoreError) -> Int {
    let (bytes, overflows) = count.multipliedReportingOverflow(by: format.byteCount)
    guard !overflows else {
      throw StoreError(
        .limitExceeded, "\(count) images of \(format) in one call", remedy: "read fewer images a call")
    }
    return bytes
  }

  /// The region to deliver at a position; not to be asked where ``isWhole``.
  @inline(__always)
  package func region(_ position: Int, of regions: Span<ImageRegion>) -> ImageRegion {
    regions[hasRegionEach ? position : 0]
  }
}

/// Checks that there is no region, one for all images, or one for each.
package func checkRegionCount(_ regions: Int, images: Int) throws(StoreError) {
  guard regions == 1 || regions == images else {
    throw StoreError(
      .invalidArgument, "\(regions) regions for \(images) images",
      remedy: "give none, one for all, or one for each")
  }
}

/// Checks that a region is as large as the first of a call.
package func checkSameSize(_ region: ImageRegion, as first: ImageRegion) throws(StoreError) {
  guard region.height == first.height && region.width == first.width else {
    throw StoreError(
      .invalidArgument,
      "regions of \(first.height)x\(first.width) and of \(region.height)x\(region.width) in one call",
      remedy: "give regions of one size")
  }
}
