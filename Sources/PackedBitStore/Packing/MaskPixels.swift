import ImageStoreCore

/// Pixels of any type as bytes 0 and 1.
enum MaskPixels {
  /// Whether bytes of a format can be packed as they are, once they are known to be 0 and 1.
  static func areBytes(_ format: ImageFormat) -> Bool {
    format.channels == 1 && format.elementType.byteCount == 1
  }

  /// Writes a byte 0 or 1 for each pixel: whether the mean of its channels is over the threshold, or the
  /// pixel itself if there is no threshold.
  ///
  /// - Parameters:
  ///   - pixels: an image of the format.
  ///   - mask: room for a byte per pixel.
  /// - Throws: ``StoreError/Code/unsupported`` if there is no threshold and a pixel is neither 0 nor 1,
  ///   or has several channels.
  static func convert(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, threshold: Double?,
    to mask: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch format.elementType {
    case .bool, .uint8: try unsafe convert(pixels, format, threshold, mask) { (x: UInt8) in Double(x) }
    case .int8: try unsafe convert(pixels, format, threshold, mask) { (x: Int8) in Double(x) }
    case .uint16: try unsafe convert(pixels, format, threshold, mask) { (x: UInt16) in Double(x) }
    case .uint32: try unsafe convert(pixels, format, threshold, mask) { (x: UInt32) in Double(x) }
    case .uint64: try unsafe convert(pixels, format, threshold, mask) { (x: UInt64) in Double(x) }
    case .int16: try unsafe convert(pixels, format, threshold, mask) { (x: Int16) in Double(x) }
    case .int32: try unsafe convert(pixels, format, threshold, mask) { (x: Int32) in Double(x) }
    case .int64: try unsafe convert(pixels, format, threshold, mask) { (x: Int64) in Double(x) }
    case .float16: try unsafe convert(pixels, format, threshold, mask) { (x: UInt16) in double(half: x) }
    case .float32: try unsafe convert(pixels, format, threshold, mask) { (x: Float) in Double(x) }
    case .float64: try unsafe convert(pixels, format, threshold, mask) { (x: Double) in x }
    }
  }

  @inline(__always)
  private static func convert<Sample: BitwiseCopyable>(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, _ threshold: Double?,
    _ mask: UnsafeMutableRawBufferPointer, _ value: (Sample) -> Double
  ) throws(StoreError) {
    let size = MemoryLayout<Sample>.size
    let channels = format.channels
    guard let threshold else {
      guard channels == 1 else { throw severalChannels(format) }
      for pixel in 0..<mask.count {
        let value = value(unsafe pixels.loadUnaligned(fromByteOffset: pixel &* size, as: Sample.self))
        guard value == 0 || value == 1 else { throw neither(value, at: pixel, format) }
        unsafe mask[pixel] = value == 0 ? 0 : 1
      }
      return
    }
    for pixel in 0..<mask.count {
      var sum = 0.0
      for channel in 0..<channels {
        sum += value(
          unsafe pixels.loadUnaligned(
            fromByteOffset: (pixel &* channels &+ channel) &* size, as: Sample.self))
      }
      unsafe mask[pixel] = sum / Double(channels) > threshold ? 1 : 0
    }
  }

  static func severalChannels(_ format: ImageFormat) -> StoreError {
    StoreError(
      .unsupported, "an image of \(format.channels) channels cannot be a mask",
      remedy: "give a threshold for the mean of the channels")
  }

  static func neither(_ value: Double, at pixel: Int, _ format: ImageFormat) -> StoreError {
    StoreError(
      .unsupported,
      "the pixel at row \(pixel / format.width), column \(pixel % format.width) is \(value), but a mask has only 0 and 1",
      remedy: "give a threshold")
  }

  /// The value of an IEEE 754 binary16 number, which not every platform has as a type.
  private static func double(half bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023)
    let magnitude: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
