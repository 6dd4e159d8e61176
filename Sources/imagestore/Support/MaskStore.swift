internal import ImageStoreCore

/// The masks of a store's images: true if the mean of a pixel's channels is over a threshold.
struct MaskStore: StoreWrapper {
  let base: any ImageStore
  let threshold: Double

  var format: ImageFormat? { base.format.map(Self.mask) }
  var isZeroCopy: Bool { false }

  func format(at index: Int) throws(StoreError) -> ImageFormat { try Self.mask(base.format(at: index)) }

  private static func mask(_ format: ImageFormat) -> ImageFormat {
    ImageFormat(height: format.height, width: format.width, elementType: .bool)
  }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let images = try GatherPlan(indices, regions: regions, in: base)
    let masks = try GatherPlan(indices, regions: regions, in: self)
    let pixels = try PixelMemory(capacity: images.byteCount)
    try pixels.fill { (output) throws(StoreError) in
      try base.read(indices, regions: regions, into: &output)
    }
    try unsafe destination.appendBytes(masks.byteCount) { (memory) throws(StoreError) in
      for position in 0..<masks.count {
        let image = unsafe UnsafeRawBufferPointer(rebasing: pixels.bytes[images.byteRange(of: position)])
        unsafe Self.fill(
          masks.slot(of: position, in: memory), from: image, images.layout[position], threshold)
      }
    }
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
      let mask = Self.mask(format)
      let memory = try PixelMemory(capacity: mask.byteCount)
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(mask.byteCount) { (bytes) throws(StoreError) in
          unsafe pixels.withUnsafeBytes { unsafe Self.fill(bytes, from: $0, format, threshold) }
        }
      }
      try body(position, mask, memory.span)
    }
  }

  /// Writes a byte per pixel, 0 or 1.
  private static func fill(
    _ mask: UnsafeMutableRawBufferPointer, from image: UnsafeRawBufferPointer, _ format: ImageFormat,
    _ threshold: Double
  ) {
    let limit = threshold * Double(format.channels)
    if format.elementType == .uint8 {
      // Sums of bytes are whole, so they are over the limit if they are over its floor.
      let floor = Int(max(-1, min(limit.rounded(.down), Double(Int32.max))))
      for pixel in mask.indices {
        var sum = 0
        for channel in 0..<format.channels { unsafe sum += Int(image[pixel * format.channels + channel]) }
        unsafe mask[pixel] = sum > floor ? 1 : 0
      }
      return
    }
    let samples = unsafe SampleReader(image, format.elementType)
    for pixel in mask.indices {
      var sum = 0.0
      for channel in 0..<format.channels { sum += samples[pixel * format.channels + channel] }
      unsafe mask[pixel] = sum > limit ? 1 : 0
    }
  }
}
