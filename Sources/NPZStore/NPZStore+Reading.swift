public import ImageStoreCore
import ImageStoreSupport

extension NPZStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try unsafe images.read(plan, into: memory)
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    switch images {
    case .entries(let entries):
      if let mapped = entries.mapped, let format = entries.format {
        return try entries.borrowMapped(indices, mapped, format, body)
      }
      // One image for each thread at least.
      let most = entries.threads * (entries.format?.byteCount ?? 0)
      try borrowDecoded(indices, byteBudget: max(1 << 20, most), body)
    case .array(let array):
      if array.isMapped { return try array.borrow(indices, body) }
      try borrowDecoded(indices, byteBudget: 1 << 20, body)
    case .bits, .encoded: try borrowDecoded(indices, byteBudget: 1 << 20, body)
    }
  }

  func check(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
  }

  public var isZeroCopy: Bool { images.areMapped }

  public func advise(_ pattern: AccessPattern) { archive.file.advise(pattern) }
}

// The map stays for as long as the store does.
extension NPZStore: LocatingStore {}
