public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try unsafe plan.decode(by: readers, threads: threads, into: memory) {
        (reader, index, request, slot) throws(StoreError) in
        try unsafe reader.decode(index, of: contents.paths, in: folder, request, into: slot)
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try borrowDecoded(indices, body)
  }
}
