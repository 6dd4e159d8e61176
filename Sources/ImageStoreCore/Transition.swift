// Names that the backends still use; they go when the backends are converted.

package typealias UniformGather = GatherPlan

extension GatherPlan {
  @inline(__always) package var format: ImageFormat { uniformFormat! }
  @inline(__always) package var delivered: ImageFormat { layout.uniformFormat! }
  @inline(__always) package var slotByteCount: Int { delivered.byteCount }

  @inline(__always)
  package func region(_ position: Int, of regions: Span<ImageRegion>) -> ImageRegion {
    regions[hasRegionEach ? position : 0]
  }

  @inline(__always)
  package func copy(
    _ run: Range<Int>, _ indices: Span<Int>, regions: Span<ImageRegion>,
    into memory: UnsafeMutableRawBufferPointer,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    try unsafe copy(run, into: memory, locate: locate)
  }
}

extension OutputRawSpan {
  package mutating func gather(
    _ indices: Span<Int>, regions: Span<ImageRegion>, of imageCount: Int, format: ImageFormat,
    locate: (_ index: Int) throws(StoreError) -> UnsafeRawPointer
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, of: imageCount, format: format)
    try unsafe gather(plan, locate: locate)
  }

  package mutating func gatherMixed(
    _ indices: Span<Int>, regions: Span<ImageRegion>,
    locate: (_ index: Int) throws(StoreError) -> (format: ImageFormat, image: UnsafeRawPointer)
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions) { (index) throws(StoreError) in
      try unsafe locate(index).format
    }
    try unsafe gather(plan) { (index) throws(StoreError) in try unsafe locate(index).image }
  }
}

extension ImageStore {
  package var lendsWithoutCopy: Bool { isZeroCopy }
}
