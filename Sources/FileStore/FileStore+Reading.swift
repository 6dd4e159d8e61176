public import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      // Every run writes slots of its own.
      try Workers.performRuns(of: plan.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
        try readers.withObject { (reader) throws(StoreError) in
          for position in run {
            let request = DecodeRequest(
              format: plan.format(at: position), region: plan.crop(at: position))
            try unsafe reader.decode(
              plan.indices[position], of: contents.paths, in: folder, request,
              into: plan.slot(of: position, in: memory))
          }
        }
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
