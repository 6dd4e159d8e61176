internal import ImageStoreCore

/// The masks of a store's images: true where the mean of a pixel's channels is over a threshold.
struct MaskStore: ImageStore {
  let base: any ImageStore
  let threshold: Double

  var count: Int { base.count }
  var format: ImageFormat? { base.format.map(Self.mask) }
  var classNames: [String]? { base.classNames }
  var columnNames: [String] { base.columnNames }
  var sourcePaths: [String] { base.sourcePaths }

  func format(at index: Int) throws(StoreError) -> ImageFormat { try Self.mask(base.format(at: index)) }
  func labels() throws(StoreError) -> [Int]? { try base.labels() }
  func column(_ name: String) throws(StoreError) -> Column { try base.column(name) }
  func advise(_ pattern: AccessPattern) { base.advise(pattern) }

  private static func mask(_ format: ImageFormat) -> ImageFormat {
    ImageFormat(height: format.height, width: format.width, elementType: .bool)
  }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    var chosen: [Int] = []
    for position in indices.indices { chosen.append(indices[position]) }
    var byteCount = 0
    var formats: [ImageFormat] = []
    for (position, index) in chosen.enumerated() {
      var format = if let format = base.format { format } else { try base.format(at: index) }
      if regions.count > 0 {
        try checkRegionCount(regions.count, images: chosen.count)
        let region = regions[regions.count == 1 ? 0 : position]
        guard region.isContained(in: format) else { throw .outside(region, of: format, image: index) }
        format = format.cropped(to: region)
      }
      formats.append(format)
      byteCount += format.byteCount
    }
    let pixels = try PixelMemory(capacity: byteCount)
    try pixels.fill { (output) throws(StoreError) in
      try base.read(indices, regions: regions, into: &output)
    }
    let layout = BatchLayout(formats)
    try unsafe destination.appendBytes(formats.reduce(0) { $0 + $1.height * $1.width }) {
      (memory) throws(StoreError) in
      var place = 0
      for position in formats.indices {
        let format = formats[position]
        let image = unsafe UnsafeRawBufferPointer(
          rebasing: pixels.bytes[layout.byteRange(of: position)])
        let count = format.height * format.width
        unsafe Self.fill(
          UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + count]), from: image, format,
          threshold)
        place += count
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

  /// Writes a byte a pixel, 0 or 1.
  private static func fill(
    _ mask: UnsafeMutableRawBufferPointer, from image: UnsafeRawBufferPointer, _ format: ImageFormat,
    _ threshold: Double
  ) {
    let limit = threshold * Double(format.channels)
    if format.elementType == .uint8 {
      // Sums of bytes are whole, so they are over the limit where they are over its floor.
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
