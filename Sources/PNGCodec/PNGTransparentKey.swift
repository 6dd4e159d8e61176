/// The one color of a gray or RGB image that is transparent.
struct PNGTransparentKey: Sendable {
  private var samples: (UInt16, UInt16, UInt16) = (0, 0, 0)

  /// Of each 16-bit sample of tRNS only the bits of the image's depth count.
  mutating func fill(_ payload: UnsafeRawBufferPointer, bitDepth: Int) {
    let mask = UInt16((1 << bitDepth) - 1)
    func sample(_ index: Int) -> UInt16 {
      guard 2 * index < payload.count else { return 0 }
      let value = unsafe payload.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
      return UInt16(bigEndian: value) & mask
    }
    samples = (sample(0), sample(1), sample(2))
  }

  /// Appends alpha to each pixel of 1 or 3 bytes, and multiplies samples by a factor.
  func expand8(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int, channels: Int,
    factor: UInt8
  ) {
    for column in 0..<width {
      let from = unsafe source + column * channels
      let to = unsafe target + column * (channels + 1)
      var isKey = true
      for channel in 0..<channels {
        let value = unsafe from.load(fromByteOffset: channel, as: UInt8.self)
        if UInt16(value) != self[channel] { isKey = false }
        unsafe to.storeBytes(of: value &* factor, toByteOffset: channel, as: UInt8.self)
      }
      unsafe to.storeBytes(of: isKey ? 0 : 255, toByteOffset: channels, as: UInt8.self)
    }
  }

  /// Appends alpha to each pixel of 1 or 3 big-endian 16-bit samples, which get the machine's order.
  func expand16(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int, channels: Int
  ) {
    for column in 0..<width {
      let from = unsafe source + column * channels * 2
      let to = unsafe target + column * (channels + 1) * 2
      var isKey = true
      for channel in 0..<channels {
        let value = unsafe UInt16(
          bigEndian: from.loadUnaligned(fromByteOffset: 2 * channel, as: UInt16.self))
        if value != self[channel] { isKey = false }
        unsafe to.storeBytes(of: value, toByteOffset: 2 * channel, as: UInt16.self)
      }
      let alpha: UInt16 = isKey ? 0 : .max
      unsafe to.storeBytes(of: alpha, toByteOffset: 2 * channels, as: UInt16.self)
    }
  }

  private subscript(channel: Int) -> UInt16 {
    switch channel {
    case 0: samples.0
    case 1: samples.1
    default: samples.2
    }
  }
}
