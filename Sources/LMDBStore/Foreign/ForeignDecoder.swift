internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStorePickle
internal import PNGCodec

/// Decodes values of foreign databases one after another, with memory that is used again.
struct ForeignDecoder: ~Copyable {
  private let kind: ForeignKind
  private var png = PNGDecoder()
  private var whole: [UInt8] = []

  init(_ kind: ForeignKind) { self.kind = kind }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameters:
  ///   - format: what the value said when the database was opened; it must say so still.
  ///   - slot: has the size of the region, or of the image.
  mutating func decode(
    _ value: UnsafeRawBufferPointer, as format: ImageFormat, region: ImageRegion?,
    into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let region, region != ImageRegion(wholeOf: format) else {
      return try unsafe decode(value, as: format, into: slot)
    }
    var image: [UInt8] = []
    swap(&image, &whole)
    if image.count < format.byteCount { image = [UInt8](repeating: 0, count: format.byteCount) }
    var span = image.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (memory) throws(StoreError) in
      let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<format.byteCount])
      try unsafe decode(value, as: format, into: memory)
      unsafe copyRegion(region, of: format, from: memory.baseAddress!, to: slot.baseAddress!)
    }
    swap(&image, &whole)
  }

  private mutating func decode(
    _ value: UnsafeRawBufferPointer, as format: ImageFormat, into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch kind {
    case .raw:
      try Self.check(value.count == slot.count)
      unsafe slot.copyMemory(from: value)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let images = try NPYImages(imageOf: header)
      try Self.check(images.format == format)
      let data = try unsafe header.data(in: value)
      unsafe images.copy(
        ImageRegion(wholeOf: format), from: data.baseAddress!, to: slot.baseAddress!)
    case .png:
      try unsafe png.decode(value, as: format, into: slot)
    case .pickle:
      let (image, pixels) = try unsafe PickledImages.read(value)
      try Self.check(image.format == format)
      try unsafe pixels.withBytes(in: RawSpan(_unsafeBytes: value)) { (bytes) throws(StoreError) in
        unsafe bytes.withUnsafeBytes { unsafe slot.copyMemory(from: $0) }
      }
    case .datum:
      let datum = try unsafe Datum(value)
      if datum.isEncoded, let data = datum.data {
        return try unsafe png.decode(UnsafeRawBufferPointer(rebasing: value[data]), as: format, into: slot)
      }
      try Self.check(datum.format() == format)
      unsafe Self.interleave(datum, value, format, into: slot)
    }
  }

  /// Turns the planes of a record into pixels. Caffe's planes are blue, green and red, as OpenCV has them;
  /// three and four channels are turned to red, green, blue and alpha.
  private static func interleave(
    _ datum: Datum, _ value: UnsafeRawBufferPointer, _ format: ImageFormat,
    into slot: UnsafeMutableRawBufferPointer
  ) {
    let size = format.elementType.byteCount
    let pixels = format.height * format.width
    let ranges = format.elementType == .float32 ? datum.floats : datum.data.map { [$0] } ?? []
    var sample = 0
    for range in ranges {
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: size) {
        let plane = sample / pixels
        let channel =
          (format.channels == 3 || format.channels == 4) && plane < 3 ? 2 - plane : plane
        let place = ((sample - plane * pixels) * format.channels + channel) * size
        unsafe (slot.baseAddress! + place).copyMemory(from: value.baseAddress! + offset, byteCount: size)
        sample += 1
      }
    }
  }

  private static func check(_ isSame: Bool) throws(StoreError) {
    guard isSame else {
      throw StoreError(
        .busy, "another program changed the value while the database was open", remedy: "open it again")
    }
  }
}
