/// A store whose images have their first and third channels swapped: blue, green, red becomes red,
/// green, blue.
///
/// Images of fewer than three channels stay as they are; a fourth channel stays where it is.
public struct SwappedChannelsStore: StoreWrapper {
  public let base: any ImageStore

  init(_ base: any ImageStore) { self.base = base }

  public var isZeroCopy: Bool { false }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: base)
    let start = destination.byteCount
    try base.read(indices, regions: regions, into: &destination)
    unsafe destination.withUnsafeMutableBytes { memory, _ in
      for position in 0..<plan.count {
        let range = plan.byteRange(of: position)
        unsafe Self.swap(
          UnsafeMutableRawBufferPointer(
            rebasing: memory[start + range.lowerBound..<start + range.upperBound]),
          of: plan.layout[position])
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var memory: PixelMemory?
    for position in indices.indices {
      let index = indices[position]
      let format = try base.format(at: index)
      let scratch: PixelMemory
      if let memory, memory.capacity >= format.byteCount {
        scratch = memory
      } else {
        scratch = try PixelMemory(capacity: format.byteCount)
        memory = scratch
      }
      try scratch.fill { (output) throws(StoreError) in
        try withSpan(of: index) { (one) throws(StoreError) in
          try read(one, regions: Span(), into: &output)
        }
      }
      try unsafe withRawSpan(of: scratch.bytes) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// Swaps the first and third sample of each pixel.
  private static func swap(_ image: UnsafeMutableRawBufferPointer, of format: ImageFormat) {
    guard format.channels >= 3 else { return }
    switch format.elementType.byteCount {
    case 1: unsafe swap(image, format.channels, UInt8.self)
    case 2: unsafe swap(image, format.channels, UInt16.self)
    case 4: unsafe swap(image, format.channels, UInt32.self)
    default: unsafe swap(image, format.channels, UInt64.self)
    }
  }

  @inline(__always)
  private static func swap<Sample: FixedWidthInteger>(
    _ image: UnsafeMutableRawBufferPointer, _ channels: Int, _ type: Sample.Type
  ) {
    let size = MemoryLayout<Sample>.size
    for pixel in stride(from: 0, to: image.count, by: channels * size) {
      let first = unsafe image.loadUnaligned(fromByteOffset: pixel, as: Sample.self)
      let third = unsafe image.loadUnaligned(fromByteOffset: pixel + 2 * size, as: Sample.self)
      unsafe image.storeBytes(of: third, toByteOffset: pixel, as: Sample.self)
      unsafe image.storeBytes(of: first, toByteOffset: pixel + 2 * size, as: Sample.self)
    }
  }
}

extension ImageStore {
  /// This store with the first and third channels of every image swapped.
  public func swappingChannels() -> SwappedChannelsStore { SwappedChannelsStore(self) }
}
