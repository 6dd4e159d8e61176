/// A plan of one gather: which images, which region of each, and where each is delivered. All of it
/// is checked before the first byte is copied or decoded.
///
/// A store makes one plan per call and then fills the bytes ``byteRange(of:)`` of each position, in
/// any order and from any thread. For images of one format and regions of one size a plan takes no
/// memory and no time beyond the checks; otherwise it has the format of each.
///
/// Positions count the images of the request, indices those of the store. Any later addition to a
/// request, such as a size to deliver images in, belongs here: callers lay out memory by
/// ``layout``.
package struct GatherPlan: ~Escapable {
  /// The image to deliver at each position; every one exists.
  package let indices: Span<Int>
  /// None for whole images, one for all positions, or one for each.
  package let regions: Span<ImageRegion>
  /// The format of the stored images, or nil if they may differ.
  package let uniformFormat: ImageFormat?
  /// The format of the stored image of each position; empty if all have ``uniformFormat``.
  private let formats: [ImageFormat]
  /// The format of what is delivered at each position, and where it is.
  package let layout: BatchLayout
  /// Whether whole images are delivered at all positions.
  package let isWhole: Bool
  /// The bytes of everything that is delivered.
  package let byteCount: Int

  /// Plans a gather from images of one format.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - regions: none for whole images, one for all, or one for each index.
  ///   - imageCount: how many images there are.
  ///   - format: the format of all of them.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/invalidArgument`` for regions
  ///   that do not fit the images, in place or in number; ``StoreError/Code/limitExceeded`` for
  ///   more bytes than there are addresses.
  @_lifetime(copy indices, copy regions)
  package init(
    _ indices: Span<Int>, regions: Span<ImageRegion>, of imageCount: Int, format: ImageFormat
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < imageCount else {
        throw .indexOutOfRange(index, count: imageCount)
      }
    }
    var delivered = format
    var isOfOneSize = true
    if regions.count > 0 {
      try checkRegionCount(regions.count, images: indices.count)
      let first = regions[0]
      for position in regions.indices {
        let region = regions[position]
        guard region.isContained(in: format) else {
          throw .outside(region, of: format, image: position < indices.count ? indices[position] : 0)
        }
        if region.height != first.height || region.width != first.width { isOfOneSize = false }
      }
      delivered = format.cropped(to: first)
    }
    self.indices = indices
    self.regions = regions
    uniformFormat = format
    formats = []
    guard isOfOneSize else {
      var (all, end) = ([ImageFormat](), 0)
      all.reserveCapacity(regions.count)
      for position in regions.indices {
        let delivered = format.cropped(to: regions[position])
        all.append(delivered)
        end = try end.adding(delivered, images: indices.count)
      }
      byteCount = end
      layout = BatchLayout(all)
      isWhole = false
      return
    }
    let (byteCount, overflows) = indices.count.multipliedReportingOverflow(by: delivered.byteCount)
    guard !overflows else {
      throw StoreError(
        .limitExceeded, "\(indices.count) images of \(delivered) are too many for one call",
        remedy: "read fewer images per call")
    }
    self.byteCount = byteCount
    layout = BatchLayout(delivered, count: indices.count)
    // Of images of one format, a region as large as an image is the whole of it.
    isWhole = delivered == format
  }

  /// Plans a gather from images that may each have a format of their own.
  ///
  /// - Parameter format: the format of the image at an index; throws if there is no such image.
  /// - Throws: what `format` throws, and as ``init(_:regions:of:format:)``.
  @_lifetime(copy indices, copy regions)
  package init(
    _ indices: Span<Int>, regions: Span<ImageRegion>,
    format: (_ index: Int) throws(StoreError) -> ImageFormat
  ) throws(StoreError) {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var formats: [ImageFormat] = []
    var delivered: [ImageFormat] = []
    formats.reserveCapacity(indices.count)
    if regions.count > 0 { delivered.reserveCapacity(indices.count) }
    var byteCount = 0
    for position in indices.indices {
      let format = try format(indices[position])
      formats.append(format)
      if regions.count > 0 {
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else {
          throw .outside(region, of: format, image: indices[position])
        }
        delivered.append(format.cropped(to: region))
      }
      byteCount = try byteCount.adding(delivered.last ?? format, images: indices.count)
    }
    self.indices = indices
    self.regions = regions
    self.formats = formats
    self.byteCount = byteCount
    uniformFormat = nil
    layout = BatchLayout(regions.count > 0 ? delivered : formats)
    isWhole = regions.count == 0
  }

  /// Plans a gather from the images of a store.
  @_lifetime(copy indices, copy regions)
  package init(
    _ indices: Span<Int>, regions: Span<ImageRegion>, in store: some ImageStore
  ) throws(StoreError) {
    if let format = store.format {
      try self.init(indices, regions: regions, of: store.count, format: format)
    } else {
      try self.init(indices, regions: regions) { (index) throws(StoreError) in try store.format(at: index) }
    }
  }

  /// How many images are delivered.
  package var count: Int { indices.count }

  /// Whether each position has a region of its own.
  package var hasRegionEach: Bool { regions.count > 1 }

  /// The format of the stored image that belongs to a position.
  @inline(__always)
  package func format(at position: Int) -> ImageFormat { uniformFormat ?? formats[position] }

  /// The region to deliver at a position, which is the whole image if no regions were asked for.
  @inline(__always)
  package func region(at position: Int) -> ImageRegion {
    switch regions.count {
    case 0: ImageRegion(wholeOf: format(at: position))
    case 1: regions[0]
    default: regions[position]
    }
  }

  /// The region to cut out at a position, or nil if the whole image is delivered.
  @inline(__always)
  package func crop(at position: Int) -> ImageRegion? {
    guard !isWhole else { return nil }
    let region = region(at: position)
    return region == ImageRegion(wholeOf: format(at: position)) ? nil : region
  }

  /// The bytes of what is delivered at a position, among those of all.
  @inline(__always)
  package func byteRange(of position: Int) -> Range<Int> { layout.byteRange(of: position) }

  /// The part of the memory of all positions that belongs to one.
  ///
  /// - Parameter memory: ``byteCount`` bytes.
  @inline(__always)
  package func slot(
    of position: Int, in memory: UnsafeMutableRawBufferPointer
  ) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[byteRange(of: position)])
  }
}

/// Checks that there is one region for all images or one for each.
package func checkRegionCount(_ regions: Int, images: Int) throws(StoreError) {
  guard regions == 1 || regions == images else {
    throw StoreError(
      .invalidArgument, "\(regions) regions for \(images) images",
      remedy: "give none, one for all, or one for each")
  }
}

extension Int {
  /// This number of bytes and those of one more image.
  fileprivate func adding(_ format: ImageFormat, images: Int) throws(StoreError) -> Int {
    let (sum, overflows) = addingReportingOverflow(format.byteCount)
    guard !overflows else {
      throw StoreError(
        .limitExceeded, "\(images) images are too many for one call", remedy: "read fewer images per call")
    }
    return sum
  }
}
