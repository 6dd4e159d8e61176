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

package typealias Annotations = ImageLabels

extension StoreError {
  package init(
    _ code: Code, _ message: String, remedy: String? = nil, path: String? = nil, image: Int? = nil,
    key: String? = nil, underlyingCode: Int32?
  ) {
    self.init(
      code, message, remedy: remedy, path: path, image: image, key: key,
      underlying: underlyingCode.map { Underlying(.posix, $0) })
  }

  package var underlyingCode: Int32? { underlying?.code }
}

extension ImageStore {
  package func read(_ indices: Span<Int>, into destination: inout OutputRawSpan) throws(StoreError) {
    try read(indices, regions: Span<ImageRegion>(), into: &destination)
  }

  package func read(
    _ indices: Span<Int>, region: ImageRegion, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try withSpan(of: region) { (regions) throws(StoreError) in
      try read(indices, regions: regions, into: &destination)
    }
  }

  package func read(
    _ indices: [Int], region: ImageRegion?, into batch: inout ImageBatch
  ) throws(StoreError) {
    try read(indices, regions: region.map { .same($0) } ?? .whole, into: &batch)
  }

  package func read(_ indices: [Int], region: ImageRegion?) throws(StoreError) -> ImageBatch {
    try read(indices, regions: region.map { .same($0) } ?? .whole)
  }

  package func batchLayout(_ indices: [Int], regions: [ImageRegion]) throws(StoreError) -> BatchLayout {
    try batchLayout(indices.span, regions: regions.span)
  }
}

extension ImageStoreWriter where Self: ~Copyable {
  package mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations: ImageLabels
  ) throws(StoreError) {
    try append(pixels, layout: layout, labels: annotations)
  }
}

extension InMemoryStore.Writer {
  package consuming func makeStore() throws(StoreError) -> InMemoryStore { try finish() }
}
