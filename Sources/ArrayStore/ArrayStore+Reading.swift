public import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

extension ArrayStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    do throws(StoreError) {
      let plan = try GatherPlan(indices, regions: regions, of: count, format: geometry.format)
      try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
        if let inflated = file.inflated {
          return try unsafe read(plan, from: inflated, into: memory)
        }
        let base = unsafe file.samples
        let stride = geometry.imageStride
        // Every run writes slots of its own.
        try plan.performRuns(threads: threads) { (run) throws(StoreError) in
          if isZeroCopy {
            try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) in
              unsafe base + index &* stride
            }
          } else {
            for position in run {
              unsafe convert(
                plan.region(at: position), from: base + plan.indices[position] &* stride,
                to: plan.slot(of: position, in: memory))
            }
          }
        }
      }
    } catch {
      throw error.at(path: path)
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count).at(path: path)
    }
    guard isZeroCopy else { return try borrowDecoded(indices, body) }
    let format = geometry.format
    for position in indices.indices {
      let image = unsafe UnsafeRawBufferPointer(
        start: file.samples + indices[position] &* geometry.imageStride, count: format.byteCount)
      try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// Truth values are turned into 0 and 1, because any byte except 0 means true in other programs.
  public var isZeroCopy: Bool {
    file.inflated == nil && geometry.isDirect && geometry.format.elementType != .bool
  }

  private func read(
    _ plan: borrowing GatherPlan, from inflated: InflatedBytes, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let (stride, offset, indices) = (geometry.imageStride, file.dataOffset, plan.indices)
    let span = geometry.imageByteSpan
    try unsafe inflated.forEach(count: plan.count) { position in
      // Images that are spread over the array need the whole array.
      guard let span else { return offset..<inflated.byteCount }
      let start = offset + indices[position] * stride
      return start..<start + span
    } _: { (position, start) throws(StoreError) in
      unsafe convert(
        plan.region(at: position), from: span == nil ? start + indices[position] * stride : start,
        to: plan.slot(of: position, in: memory))
    }
  }

  private func convert(
    _ region: ImageRegion, from image: UnsafeRawPointer, to slot: UnsafeMutableRawBufferPointer
  ) {
    unsafe geometry.copy(region, from: image, to: slot.baseAddress!)
    if geometry.format.elementType == .bool { unsafe TruthValues.normalize(slot) }
  }
}
